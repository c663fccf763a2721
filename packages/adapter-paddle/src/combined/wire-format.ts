import type { MemoryBudget } from "@longspan/core/adapter";

/**
 * The part of protocol buffers' wire format that Paddle's two messages need (protobuf.dev, "Encoding"): varints, length-delimited fields, and
 * fixed-size ones to step over. Groups were never in Paddle's messages.
 */
export interface WireField {
  readonly number: number;
  /** Of a varint (as a signed 64-bit integer) or a length-delimited field; undefined for fixed-size ones. */
  readonly value: bigint | Uint8Array | undefined;
}

const maxVarintBytes = 10;

/** Bytes of memory of one field. The programs of the largest models have some hundred thousand. */
const fieldCost = 120;

/**
 * All fields of a message in order; undefined when the bytes are no message.
 * @param budget what they may take; without one, only for messages that are short
 */
export function wireFields(message: Uint8Array, budget?: MemoryBudget): readonly WireField[] | undefined {
  const fields: WireField[] = [];
  let position = 0;

  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let count = 0; count < maxVarintBytes; count++) {
      const byte = message[position++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    return undefined;
  };

  while (position < message.length) {
    budget?.spend(fieldCost);
    const tag = varint();
    if (tag === undefined || tag < 8n || tag > 0xffffffffn) return undefined;
    const number = Number(tag >> 3n);
    switch (Number(tag & 7n)) {
      case 0: {
        const value = varint();
        if (value === undefined) return undefined;
        fields.push({ number, value });
        break;
      }
      case 2: {
        const length = varint();
        if (length === undefined || length < 0n || length > BigInt(message.length - position)) return undefined;
        fields.push({ number, value: message.subarray(position, position + Number(length)) });
        position += Number(length);
        break;
      }
      case 1:
      case 5: {
        position += Number(tag & 7n) === 1 ? 8 : 4;
        if (position > message.length) return undefined;
        fields.push({ number, value: undefined });
        break;
      }
      default:
        return undefined;
    }
  }
  return fields;
}

/** The submessages (or strings) under a field number. */
export function bytesFields(fields: readonly WireField[], number: number): Uint8Array[] {
  return fields.flatMap((field) => (field.number === number && field.value instanceof Uint8Array ? [field.value] : []));
}

/** The last integer under a field number, as protocol buffers' "last one wins" has it. */
export function integerField(fields: readonly WireField[], number: number): bigint | undefined {
  return fields.findLast((field) => field.number === number && typeof field.value === "bigint")?.value as bigint | undefined;
}
