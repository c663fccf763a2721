/** The reflected polynomial of CRC-32 as zip uses it (PKWARE APPNOTE 4.4.7). */
const polynomial = 0xed_b8_83_20;

/** Bytes folded in one step. */
const slices = 16;

/** `slices` tables of 256: entry `[n][b]` is the checksum of byte `b` followed by `n` zero bytes. */
function buildTables(): Uint32Array {
  const tables = new Uint32Array(slices * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    tables[byte] = value;
  }
  for (let index = 256; index < tables.length; index++) {
    const previous = tables[index - 256] as number;
    tables[index] = (previous >>> 8) ^ (tables[previous & 0xff] as number);
  }
  return tables;
}

let tables: Uint32Array | undefined;

/**
 * CRC-32 of `bytes`, continued from `previous` (0 at the start), sixteen bytes a step ("slicing by 16": M. Kounavis, F. Berry,
 * "Novel table lookup-based algorithms for high-performance CRC generation", 2008).
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const table = (tables ??= buildTables());
  const lookup = (slice: number, byte: number): number => table[slice * 256 + byte] as number;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wholeSteps = bytes.length - (bytes.length % slices);
  let value = ~previous;
  let position = 0;
  for (; position < wholeSteps; position += slices) {
    const a = view.getUint32(position, true) ^ value;
    const b = view.getUint32(position + 4, true);
    const c = view.getUint32(position + 8, true);
    const d = view.getUint32(position + 12, true);
    value =
      lookup(15, a & 0xff) ^
      lookup(14, (a >>> 8) & 0xff) ^
      lookup(13, (a >>> 16) & 0xff) ^
      lookup(12, a >>> 24) ^
      lookup(11, b & 0xff) ^
      lookup(10, (b >>> 8) & 0xff) ^
      lookup(9, (b >>> 16) & 0xff) ^
      lookup(8, b >>> 24) ^
      lookup(7, c & 0xff) ^
      lookup(6, (c >>> 8) & 0xff) ^
      lookup(5, (c >>> 16) & 0xff) ^
      lookup(4, c >>> 24) ^
      lookup(3, d & 0xff) ^
      lookup(2, (d >>> 8) & 0xff) ^
      lookup(1, (d >>> 16) & 0xff) ^
      lookup(0, d >>> 24);
  }
  for (; position < bytes.length; position++) {
    value = (value >>> 8) ^ lookup(0, (value ^ (bytes[position] as number)) & 0xff);
  }
  return ~value >>> 0;
}
