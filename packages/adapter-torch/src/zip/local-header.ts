import type { ByteSource } from "@longspan/core";
import type { CentralEntry } from "./central-directory.ts";
import { zipError } from "./zip-error.ts";
import { flagBits, inZip64, recordBytes, signatures } from "./zip-format.ts";

/**
 * Reads an entry's local header, checks that it says what the central directory says, and returns where the bytes begin. (The
 * padding that aligns torch's payloads is an extra field of the local header alone.)
 * @param limit Where the next entry begins.
 * @throws LongspanError `malformed`; what the source throws.
 */
export async function readDataOffset(
  source: ByteSource,
  entry: CentralEntry,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const at = entry.headerOffset;
  // Inside the file: the central directory's reader has seen that the header, the name and the bytes fit before `limit`.
  const bytes = await source.read(at, recordBytes.localHeader + entry.nameBytes.length, { signal });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (problem: string): never => {
    throw zipError("malformed", source.name, at, `entry "${entry.name}": ${problem}`);
  };
  if (view.getUint32(0, true) !== signatures.localHeader) fail("no local header stands where the central directory puts it");
  const flags = view.getUint16(6, true);
  const contradiction = (what: string): never => fail(`the local header and the central directory have different ${what}`);
  if (flags !== entry.flags) contradiction("flags");
  if (view.getUint16(8, true) !== entry.method) contradiction("compression methods");
  const nameLength = view.getUint16(26, true);
  const name = bytes.subarray(recordBytes.localHeader);
  if (nameLength !== entry.nameBytes.length || name.some((byte, index) => byte !== entry.nameBytes[index])) contradiction("names");

  const later = (flags & flagBits.dataDescriptor) !== 0;
  const checksum = view.getUint32(14, true);
  if (checksum !== entry.checksum && !(later && checksum === 0)) contradiction("checksums");
  const sizes = [
    [view.getUint32(18, true), entry.compressedLength],
    [view.getUint32(22, true), entry.byteLength],
  ] as const;
  for (const [size, expected] of sizes) {
    if (size !== expected && size !== inZip64 && !(later && size === 0)) contradiction("sizes");
  }
  const dataOffset = at + recordBytes.localHeader + nameLength + view.getUint16(28, true);
  if (dataOffset + entry.compressedLength > limit)
    fail(`its ${entry.compressedLength} bytes from ${dataOffset} reach into what follows at ${limit}`);
  return dataOffset;
}
