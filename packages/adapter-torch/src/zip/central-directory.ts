import type { DirectoryLocation } from "./end-of-directory.ts";
import { nameProblem } from "./entry-name.ts";
import { zipError } from "./zip-error.ts";
import { flagBits, inZip64, inZip64Short, methodStored, recordBytes, signatures, zip64ExtraId } from "./zip-format.ts";
import { maxNameBytes } from "./zip-limits.ts";

/** One record of the central directory, checked on its own. */
export interface CentralEntry {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly checksum: number;
  readonly byteLength: number;
  /** In the archive; the same as `byteLength` for a stored entry. */
  readonly compressedLength: number;
  readonly headerOffset: number;
  /** Bytes from the local header on that the entry takes at least. */
  readonly minBytes: number;
}

const utf8 = /*#__PURE__*/ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Parses all records of the central directory.
 * @throws LongspanError `malformed`; `unsupported` for encrypted entries; `limit-exceeded` for long names.
 */
export function readCentralHeaders(file: string, bytes: Uint8Array, location: DirectoryLocation): CentralEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: CentralEntry[] = [];
  let position = 0;
  while (entries.length < location.entries) {
    const at = location.offset + position;
    if (position + recordBytes.centralHeader > bytes.length || view.getUint32(position, true) !== signatures.centralHeader) {
      throw zipError(
        "malformed",
        file,
        at,
        `the central directory has ${entries.length} entries where its end record promises ${location.entries}`,
      );
    }
    const nameLength = view.getUint16(position + 28, true);
    const extraLength = view.getUint16(position + 30, true);
    const commentLength = view.getUint16(position + 32, true);
    const extraStart = position + recordBytes.centralHeader + nameLength;
    const end = extraStart + extraLength + commentLength;
    if (end > bytes.length) throw zipError("malformed", file, at, "an entry of the central directory leaves it");
    const nameBytes = bytes.subarray(position + recordBytes.centralHeader, extraStart);
    const entry = readCentralHeader(file, at, view, position, nameBytes, bytes.subarray(extraStart, extraStart + extraLength));
    entries.push(entry);
    position = end;
  }
  if (position !== bytes.length)
    throw zipError("malformed", file, location.offset + position, "the central directory has more than its end record promises");
  return entries;
}

function readCentralHeader(
  file: string,
  at: number,
  view: DataView,
  position: number,
  nameBytes: Uint8Array,
  extra: Uint8Array,
): CentralEntry {
  const flags = view.getUint16(position + 8, true);
  const method = view.getUint16(position + 10, true);
  const checksum = view.getUint32(position + 16, true);
  const disk = view.getUint16(position + 34, true);
  const name = decodeName(file, at, nameBytes);
  const fail = (problem: string): never => {
    throw zipError("malformed", file, at, `entry "${name}" ${problem}`);
  };
  const wide = readZip64Extra(extra);
  if (wide === undefined) return fail("has damaged extra fields");
  // The long values stand in this order, each only where its short field refers to it (APPNOTE 4.5.3).
  const take = (short: number): number => (short === inZip64 ? (wide.shift() ?? fail("lacks its zip64 sizes")) : short);
  const byteLength = take(view.getUint32(position + 24, true));
  const compressedLength = take(view.getUint32(position + 20, true));
  const headerOffset = take(view.getUint32(position + 42, true));
  if (byteLength > Number.MAX_SAFE_INTEGER || compressedLength > Number.MAX_SAFE_INTEGER || headerOffset > Number.MAX_SAFE_INTEGER) {
    fail("has a size or offset of 2^53 or more");
  }
  if (disk !== 0 && disk !== inZip64Short)
    throw zipError("unsupported", file, at, `entry "${name}" lies on another disk`, "Join the parts into one file.");
  if ((flags & (flagBits.encrypted | flagBits.stronglyEncrypted | flagBits.maskedHeader)) !== 0) {
    throw zipError("unsupported", file, at, `entry "${name}" is encrypted`, "Decrypt the archive first; torch.save never encrypts.");
  }
  if ((flags & flagBits.patched) !== 0)
    throw zipError("unsupported", file, at, `entry "${name}" is patched data`, "Write the file again with torch.save.");
  if (method === methodStored && compressedLength !== byteLength)
    fail(`is stored, yet has ${compressedLength} bytes in the archive and ${byteLength} outside`);
  return {
    name,
    nameBytes,
    flags,
    method,
    checksum,
    byteLength,
    compressedLength,
    headerOffset,
    minBytes: recordBytes.localHeader + nameBytes.length + compressedLength,
  };
}

function decodeName(file: string, at: number, bytes: Uint8Array): string {
  if (bytes.length > maxNameBytes) {
    throw zipError("limit-exceeded", file, at, `an entry's name has ${bytes.length} bytes; at most ${maxNameBytes} are read`);
  }
  let name: string;
  try {
    name = utf8.decode(bytes);
  } catch {
    throw zipError("malformed", file, at, "an entry's name is not UTF-8");
  }
  const problem = nameProblem(name);
  if (problem !== undefined) throw zipError("malformed", file, at, `an entry's name ${JSON.stringify(name)} ${problem}`);
  return name;
}

/** The 64-bit values of the zip64 extra field in their order; undefined when the extra fields do not hold together. */
function readZip64Extra(extra: Uint8Array): number[] | undefined {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  let values: number[] | undefined;
  let position = 0;
  while (position < extra.length) {
    if (position + 4 > extra.length) return undefined;
    const id = view.getUint16(position, true);
    const end = position + 4 + view.getUint16(position + 2, true);
    if (end > extra.length) return undefined;
    if (id === zip64ExtraId) {
      if (values !== undefined) return undefined;
      values = [];
      // Three 8-byte values at most; a 4-byte disk number may follow them.
      for (let at = position + 4; at + 8 <= end && values.length < 3; at += 8) values.push(Number(view.getBigUint64(at, true)));
    }
    position = end;
  }
  return values ?? [];
}
