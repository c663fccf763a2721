import { LongspanError } from "@longspan/core";
import { crc32 } from "#checksum";
import { flagBits, inZip64, inZip64Short, methodStored, recordBytes, signatures, zip64ExtraId } from "../zip/zip-format.ts";
import type { OrderedWrites } from "./ordered-writes.ts";

/** torch aligns every payload to this, so that a mapped file can be used in place (caffe2/serialize/inline_container.h, kFieldAlignment). */
const payloadAlignment = 64;

/** The extra field of padding: id "FB", filled with "Z" (caffe2/serialize/inline_container.cc, detail::getPadding). */
const paddingId = 0x42_46;
const paddingFill = 0x5a;

/** Version of the zip specification that a reader needs: 2.0 for plain entries, 4.5 for zip64 (APPNOTE 4.4.3). */
const versions = { plain: 20, zip64: 45 } as const;

interface WrittenEntry {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly checksum: number;
  readonly byteLength: number;
  readonly headerOffset: number;
}

/**
 * Writes a zip archive as torch's own writer lays it out: stored entries, payloads aligned to 64 bytes, checksums and sizes in
 * a data descriptor behind each payload, and zip64 end records always. Streaming: nothing is written twice.
 */
export class ZipWriter {
  readonly #out: OrderedWrites;
  readonly #entries: WrittenEntry[] = [];

  constructor(out: OrderedWrites) {
    this.#out = out;
  }

  /** An entry whose bytes are at hand. */
  addBytes(name: string, bytes: Uint8Array): void {
    const end = this.#begin(name, bytes.length);
    this.#out.write(bytes);
    end(crc32(bytes));
  }

  /**
   * An entry whose bytes `write` puts into the sink; every piece is shown to `observe` beforehand.
   * @throws LongspanError `tensor-invalid` when other than `byteLength` bytes came.
   */
  async addStream(name: string, byteLength: number, write: (observe: (bytes: Uint8Array) => void) => Promise<void>): Promise<void> {
    const end = this.#begin(name, byteLength);
    let checksum = 0;
    let observed = 0;
    await write((bytes) => {
      checksum = crc32(bytes, checksum);
      observed += bytes.length;
    });
    if (observed !== byteLength) {
      throw new LongspanError("tensor-invalid", `The entry "${name}" was to have ${byteLength} bytes, and ${observed} came.`, {
        details: { entry: name, byteLength, observed },
      });
    }
    this.#out.skip(byteLength);
    end(checksum);
  }

  /** Writes the local header; the result, called once the payload is written, notes the entry. */
  #begin(name: string, byteLength: number): (checksum: number) => void {
    const headerOffset = this.#out.position;
    const nameBytes = new TextEncoder().encode(name);
    // torch writes no descriptor behind an empty payload.
    const flags = flagBits.utf8Name | (byteLength === 0 ? 0 : flagBits.dataDescriptor);
    const isLong = byteLength >= inZip64 || headerOffset >= inZip64;
    this.#out.write(localHeader(nameBytes, flags, headerOffset, isLong));
    return (checksum) => {
      if (byteLength > 0) this.#out.write(dataDescriptor(checksum, byteLength, isLong));
      this.#entries.push({ name: nameBytes, flags, checksum, byteLength, headerOffset });
    };
  }

  /** Writes the central directory and the end records. */
  finish(): void {
    const offset = this.#out.position;
    for (const entry of this.#entries) this.#out.write(centralHeader(entry));
    const byteLength = this.#out.position - offset;
    this.#out.write(endRecords({ offset, byteLength, entries: this.#entries.length }));
  }
}

/** A record of fixed fields, filled from the front. */
class RecordBuilder {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  uint16(...values: readonly number[]): this {
    for (const value of values) {
      this.#view.setUint16(this.#position, value, true);
      this.#position += 2;
    }
    return this;
  }

  uint32(...values: readonly number[]): this {
    for (const value of values) {
      this.#view.setUint32(this.#position, value, true);
      this.#position += 4;
    }
    return this;
  }

  uint64(...values: readonly number[]): this {
    for (const value of values) {
      this.#view.setBigUint64(this.#position, BigInt(value), true);
      this.#position += 8;
    }
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#position);
    this.#position += bytes.length;
    return this;
  }
}

/** Checksum and sizes are 0 here: they follow the payload. A long entry says so by an empty zip64 field, as in torch's archives. */
function localHeader(name: Uint8Array, flags: number, headerOffset: number, isLong: boolean): Uint8Array {
  const zip64Bytes = isLong ? 4 + 16 : 0;
  const unpadded = headerOffset + recordBytes.localHeader + name.length + zip64Bytes + 4;
  const padding = (payloadAlignment - (unpadded % payloadAlignment)) % payloadAlignment;
  const record = new RecordBuilder(recordBytes.localHeader + name.length + zip64Bytes + 4 + padding)
    .uint32(signatures.localHeader)
    .uint16(isLong ? versions.zip64 : versions.plain, flags, methodStored, 0, 0)
    .uint32(0, 0, 0)
    .uint16(name.length, zip64Bytes + 4 + padding)
    .raw(name);
  if (isLong) record.uint16(zip64ExtraId, 16).uint64(0, 0);
  return record.uint16(paddingId, padding).raw(new Uint8Array(padding).fill(paddingFill)).bytes;
}

function dataDescriptor(checksum: number, byteLength: number, isLong: boolean): Uint8Array {
  const record = new RecordBuilder(isLong ? recordBytes.zip64DataDescriptor : recordBytes.dataDescriptor).uint32(
    signatures.dataDescriptor,
    checksum,
  );
  return (isLong ? record.uint64(byteLength, byteLength) : record.uint32(byteLength, byteLength)).bytes;
}

function centralHeader({ name, flags, checksum, byteLength, headerOffset }: WrittenEntry): Uint8Array {
  // Only values that do not fit their field go to the zip64 field: sizes first, then the offset (APPNOTE 4.5.3).
  const long = [...(byteLength >= inZip64 ? [byteLength, byteLength] : []), ...(headerOffset >= inZip64 ? [headerOffset] : [])];
  const extraBytes = long.length === 0 ? 0 : 4 + 8 * long.length;
  const version = long.length === 0 ? versions.plain : versions.zip64;
  const record = new RecordBuilder(recordBytes.centralHeader + name.length + extraBytes)
    .uint32(signatures.centralHeader)
    .uint16(version, version, flags, methodStored, 0, 0)
    .uint32(checksum, Math.min(byteLength, inZip64), Math.min(byteLength, inZip64))
    .uint16(name.length, extraBytes, 0, 0, 0)
    .uint32(0, Math.min(headerOffset, inZip64))
    .raw(name);
  if (long.length > 0) record.uint16(zip64ExtraId, 8 * long.length).uint64(...long);
  return record.bytes;
}

function endRecords({
  offset,
  byteLength,
  entries,
}: {
  readonly offset: number;
  readonly byteLength: number;
  readonly entries: number;
}): Uint8Array {
  const shortEntries = Math.min(entries, inZip64Short);
  return new RecordBuilder(recordBytes.zip64EndOfDirectory + recordBytes.zip64Locator + recordBytes.endOfDirectory)
    .uint32(signatures.zip64EndOfDirectory)
    .uint64(recordBytes.zip64EndOfDirectory - 12)
    .uint16(versions.zip64, versions.zip64)
    .uint32(0, 0)
    .uint64(entries, entries, byteLength, offset)
    .uint32(signatures.zip64Locator, 0)
    .uint64(offset + byteLength)
    .uint32(1, signatures.endOfDirectory)
    .uint16(0, 0, shortEntries, shortEntries)
    .uint32(Math.min(byteLength, inZip64), Math.min(offset, inZip64))
    .uint16(0).bytes;
}
