import type { ByteSource } from "@longspan/core";
import { zipError } from "./zip-error.ts";
import { inZip64, inZip64Short, recordBytes, signatures } from "./zip-format.ts";
import { maxCommentBytes } from "./zip-limits.ts";

/** Where the central directory lies, after all end records agreed on it. */
export interface DirectoryLocation {
  readonly offset: number;
  readonly byteLength: number;
  readonly entries: number;
  /** Bytes after the end record's comment. */
  readonly trailingBytes: number;
}

interface Candidate {
  readonly offset: number;
  readonly location: DirectoryLocation;
}

/**
 * Finds the one end-of-central-directory record. Readers differ in which of two they believe, so a file with two that could
 * both be meant is refused, as is one whose last record does not fit (APPNOTE 4.3.14 to 4.3.16).
 * @throws LongspanError `truncated`, `malformed`, `unsupported` (several disks).
 */
export async function findDirectory(source: ByteSource, signal: AbortSignal | undefined): Promise<DirectoryLocation> {
  const reach = recordBytes.zip64EndOfDirectory + recordBytes.zip64Locator + recordBytes.endOfDirectory + maxCommentBytes;
  const tailLength = Math.min(source.size, reach);
  const tailOffset = source.size - tailLength;
  const tail = await source.read(tailOffset, tailLength, { signal });
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);

  let last: Candidate | undefined;
  for (let position = tailLength - recordBytes.endOfDirectory; position >= 0; position--) {
    if (tail[position] !== 0x50 || view.getUint32(position, true) !== signatures.endOfDirectory) continue;
    const offset = tailOffset + position;
    if (last === undefined) {
      last = { offset, location: readEndRecord(source, view, tailOffset, position) };
    } else if (couldBeMeant(source, view, tailOffset, position)) {
      throw zipError(
        "malformed",
        source.name,
        offset,
        `a second end-of-central-directory record, beside the one at byte ${last.offset}; which is meant cannot be known`,
      );
    }
  }
  if (last === undefined) {
    throw zipError("truncated", source.name, source.size, "the zip archive's end record is missing");
  }
  return last.location;
}

function couldBeMeant(source: ByteSource, view: DataView, tailOffset: number, position: number): boolean {
  try {
    readEndRecord(source, view, tailOffset, position);
    return true;
  } catch {
    return false;
  }
}

function readEndRecord(source: ByteSource, view: DataView, tailOffset: number, position: number): DirectoryLocation {
  const at = tailOffset + position;
  const fail = (problem: string): never => {
    throw zipError("malformed", source.name, at, problem);
  };
  const commentBytes = view.getUint16(position + 20, true);
  const end = at + recordBytes.endOfDirectory + commentBytes;
  if (end > source.size) fail("the end record's comment leaves the file");
  const short = {
    disk: view.getUint16(position + 4, true),
    directoryDisk: view.getUint16(position + 6, true),
    diskEntries: view.getUint16(position + 8, true),
    entries: view.getUint16(position + 10, true),
    byteLength: view.getUint32(position + 12, true),
    offset: view.getUint32(position + 16, true),
  };
  const long = readZip64(source, view, tailOffset, position, at);
  if (long === undefined) {
    const needsZip64 = short.entries === inZip64Short || short.byteLength === inZip64 || short.offset === inZip64;
    if (needsZip64) fail("the end record points to zip64 records that are not there");
  }
  const merged = {
    disk: merge(short.disk, long?.disk, inZip64Short),
    directoryDisk: merge(short.directoryDisk, long?.directoryDisk, inZip64Short),
    diskEntries: merge(short.diskEntries, long?.diskEntries, inZip64Short),
    entries: merge(short.entries, long?.entries, inZip64Short),
    byteLength: merge(short.byteLength, long?.byteLength, inZip64),
    offset: merge(short.offset, long?.offset, inZip64),
  };
  const { disk, directoryDisk, diskEntries, entries, byteLength, offset } = merged;
  if (
    disk === undefined ||
    directoryDisk === undefined ||
    diskEntries === undefined ||
    entries === undefined ||
    byteLength === undefined ||
    offset === undefined
  ) {
    return fail("the end record and the zip64 end record disagree");
  }
  if (disk !== 0 || directoryDisk !== 0 || diskEntries !== entries) {
    throw zipError("unsupported", source.name, at, "the archive is one of several disks", "Join the parts into one file.");
  }
  const recordsStart = at - (long === undefined ? 0 : long.recordsBytes);
  if (offset + byteLength !== recordsStart) {
    fail(
      `the central directory (${byteLength} bytes from ${offset}) does not end where its end records begin (${recordsStart}): something stands before or inside the archive`,
    );
  }
  if (entries * recordBytes.centralHeader > byteLength) fail(`a central directory of ${byteLength} bytes cannot have ${entries} entries`);
  return { offset, byteLength, entries, trailingBytes: source.size - end };
}

interface Zip64Record {
  readonly disk: number;
  readonly directoryDisk: number;
  readonly diskEntries: number;
  readonly entries: number;
  readonly byteLength: number;
  readonly offset: number;
  /** Bytes of the zip64 record and its locator. */
  readonly recordsBytes: number;
}

/** The zip64 records that stand directly before the end record, if they do. torch writes them always. */
function readZip64(source: ByteSource, view: DataView, tailOffset: number, position: number, at: number): Zip64Record | undefined {
  const locator = position - recordBytes.zip64Locator;
  if (locator < 0 || view.getUint32(locator, true) !== signatures.zip64Locator) return undefined;
  const record = locator - recordBytes.zip64EndOfDirectory;
  const recordOffset = tailOffset + record;
  const fail = (problem: string): never => {
    throw zipError("malformed", source.name, at, problem);
  };
  const disks = view.getUint32(locator + 16, true);
  if (view.getUint32(locator + 4, true) !== 0 || disks > 1) {
    throw zipError("unsupported", source.name, at, "the archive is one of several disks", "Join the parts into one file.");
  }
  if (record < 0 || view.getBigUint64(locator + 8, true) !== BigInt(recordOffset))
    fail("the zip64 locator does not point to the record before it");
  if (view.getUint32(record, true) !== signatures.zip64EndOfDirectory) fail("the zip64 end record is missing");
  // The size leaves out the signature and itself; a record with an extensible data sector is of a later version.
  if (view.getBigUint64(record + 4, true) !== BigInt(recordBytes.zip64EndOfDirectory - 12))
    fail("the zip64 end record has an unknown length");
  const wide = (offset: number): number => {
    const value = view.getBigUint64(record + offset, true);
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? fail("the zip64 end record has a value of 2^53 or more") : Number(value);
  };
  return {
    disk: view.getUint32(record + 16, true),
    directoryDisk: view.getUint32(record + 20, true),
    diskEntries: wide(24),
    entries: wide(32),
    byteLength: wide(40),
    offset: wide(48),
    recordsBytes: recordBytes.zip64EndOfDirectory + recordBytes.zip64Locator,
  };
}

/** The value both records state; undefined when they differ and the short one does not refer to the long one. */
function merge(short: number, long: number | undefined, refersToZip64: number): number | undefined {
  if (long === undefined || short === long) return short;
  return short === refersToZip64 ? long : undefined;
}
