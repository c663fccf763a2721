import { type ByteSource, LongspanError } from "@longspan/core";

/** One field of a message: where its content lies, or its number. */
export interface ProtobufField {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes (protobuf.dev, "Encoding"); groups are not read. */
  readonly wireType: number;
  /** Of a varint, as a signed 64-bit integer. */
  readonly value: bigint;
  /** Of the content, in the source. */
  readonly offset: number;
  readonly length: number;
}

/** Reads a file as nested messages: headers of fields only, with what lies between skipped. */
export interface ProtobufReader {
  /** The fields of the message at `[start, end)`, in their order. @throws LongspanError `malformed` naming the offset. */
  fields(start: number, end: number): AsyncGenerator<ProtobufField>;
  /** A field's content. @throws LongspanError `limit-exceeded` when it has more than `limit` bytes. */
  bytes(field: ProtobufField, limit: number): Promise<Uint8Array>;
  /** A field's text. @throws LongspanError also `malformed` where it is no UTF-8. */
  text(field: ProtobufField, limit: number): Promise<string>;
}

/** One fetch at a new place: many fields of a graph's nodes, and little enough between large tensors. */
const windowBytes = 16 * 1024;

/** A tag and a length, or a number: two varints of ten bytes at most. */
const maxHeaderBytes = 20;

export function protobufReader(source: ByteSource, signal: AbortSignal | undefined): ProtobufReader {
  let window: { readonly offset: number; readonly bytes: Uint8Array } = { offset: 0, bytes: new Uint8Array(0) };

  /** The bytes from `offset` on: at least a header's, where the file has them. */
  async function at(offset: number): Promise<Uint8Array> {
    const wanted = Math.min(offset + maxHeaderBytes, source.size);
    if (offset < window.offset || wanted > window.offset + window.bytes.length)
      window = { offset, bytes: await source.read(offset, Math.min(windowBytes, source.size - offset), { signal }) };
    return window.bytes.subarray(offset - window.offset);
  }

  function malformed(offset: number, why: string): LongspanError {
    return new LongspanError(
      "malformed",
      `${source.name}: the protobuf field at byte ${offset} ${why}. The file is damaged, or is no ONNX model.`,
      {
        details: { file: source.name, offset },
      },
    );
  }

  async function* fields(start: number, end: number): AsyncGenerator<ProtobufField> {
    for (let position = start; position < end;) {
      const bytes = await at(position);
      const tag = readVarint(bytes, 0);
      const number = tag === undefined ? 0 : Number(tag.value >> 3n);
      const wireType = tag === undefined ? -1 : Number(tag.value & 7n);
      if (tag === undefined || number < 1) throw malformed(position, "has no tag");
      let [value, offset, length] = [0n, position + tag.length, 0];
      if (wireType === 0 || wireType === 2) {
        const found = readVarint(bytes, tag.length);
        if (found === undefined) throw malformed(position, "has a number of more than 64 bits");
        offset += found.length;
        if (wireType === 0) value = BigInt.asIntN(64, found.value);
        else length = found.value > BigInt(source.size) ? Number.POSITIVE_INFINITY : Number(found.value);
      } else if (wireType === 1 || wireType === 5) length = wireType === 1 ? 8 : 4;
      else throw malformed(position, `has the wire type ${wireType}`);
      if (offset + length > end) throw malformed(position, "is longer than what holds it");
      yield { number, wireType, value, offset, length };
      position = offset + length;
    }
  }

  async function read(field: ProtobufField, limit: number): Promise<Uint8Array> {
    if (field.length > limit) {
      throw new LongspanError(
        "limit-exceeded",
        `${source.name}: the text at byte ${field.offset} has ${field.length} bytes; at most ${limit} are read.`,
        { details: { file: source.name, offset: field.offset, found: field.length, limit } },
      );
    }
    return field.length === 0 ? new Uint8Array(0) : source.read(field.offset, field.length, { signal });
  }
  return {
    fields,
    bytes: read,
    async text(field, limit) {
      const bytes = await read(field, limit);
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch {
        throw malformed(field.offset, "is no text in UTF-8");
      }
    },
  };
}

/** Undefined where the bytes end, or after ten of them. */
export function readVarint(bytes: Uint8Array, start: number): { readonly value: bigint; readonly length: number } | undefined {
  let value = 0n;
  for (let length = 1; length <= 10; length++) {
    const byte = bytes[start + length - 1];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (length - 1));
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), length };
  }
  return undefined;
}
