import type { ByteSource } from "@longspan/core";
import { memoryBudget, type MemoryBudget } from "@longspan/core/adapter";
import { findDirectory } from "./end-of-directory.ts";
import { readCentralHeaders } from "./central-directory.ts";
import type { CentralEntry } from "./central-directory.ts";
import { readDataOffset } from "./local-header.ts";
import { zipError } from "./zip-error.ts";
import { recordBytes } from "./zip-format.ts";

/** Bytes of memory that an entry takes, its name included. */
const entryCost = 1000;

/** An entry; its bytes can be read where it is stored, not compressed. */
export interface ZipEntry {
  readonly name: string;
  /** Compression method (APPNOTE 4.4.5): 0 for a stored entry. */
  readonly method: number;
  /** Uncompressed. */
  readonly byteLength: number;
  /** Of the local header, in the file. */
  readonly headerOffset: number;
  /** Undefined when the writer computed none (it wrote 0; `torch.serialization.set_crc32_options(False)` does so). */
  readonly checksum: number | undefined;
  /** Where the bytes begin, after the local header agreed with the central one. Reads the local header the first time. */
  dataOffset(signal?: AbortSignal): Promise<number>;
}

export interface ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly warnings: readonly string[];
}

/**
 * Reads the central directory of a zip archive. Everything readers of zip files are known to
 * disagree about is refused: two entries of one name, entries that overlap, headers that contradict each other, data before the
 * archive.
 * @throws LongspanError `truncated`, `malformed`, `unsupported`, `limit-exceeded`.
 */
export async function readZipArchive(
  source: ByteSource,
  budget: MemoryBudget = memoryBudget(source.name, source.size),
  signal?: AbortSignal,
): Promise<ZipArchive> {
  const location = await findDirectory(source, signal);
  // Before a record is read: a count that is a lie is noticed when the directory ends.
  budget.spend(location.byteLength + entryCost * Math.min(location.entries, location.byteLength / recordBytes.centralHeader));
  const bytes = await source.read(location.offset, location.byteLength, { signal });
  const headers = readCentralHeaders(source.name, bytes, location);
  const limits = spaceOfEntries(source.name, headers, location.offset);

  const entries = new Map<string, ZipEntry>();
  for (const header of headers) {
    if (entries.has(header.name)) {
      throw zipError("malformed", source.name, header.headerOffset, `a second entry "${header.name}"; which is meant cannot be known`);
    }
    const limit = limits.get(header) ?? location.offset;
    let found: Promise<number> | undefined;
    entries.set(header.name, {
      name: header.name,
      method: header.method,
      byteLength: header.byteLength,
      headerOffset: header.headerOffset,
      checksum: header.checksum === 0 && header.byteLength > 0 ? undefined : header.checksum,
      dataOffset(entrySignal) {
        found ??= readDataOffset(source, header, limit, entrySignal).catch((error: unknown) => {
          // An aborted or failed read may be tried again.
          found = undefined;
          throw error;
        });
        return found;
      },
    });
  }
  const warnings =
    location.trailingBytes > 0
      ? [`${source.name} has ${location.trailingBytes} bytes after the end of its zip archive; they were not read.`]
      : [];
  return { entries, warnings };
}

/** For every entry, where the next one (or the central directory) begins: its bytes may not reach farther. */
function spaceOfEntries(file: string, headers: readonly CentralEntry[], directoryOffset: number): ReadonlyMap<CentralEntry, number> {
  const ordered = headers.toSorted((left, right) => left.headerOffset - right.headerOffset);
  const limits = new Map<CentralEntry, number>();
  for (const [index, header] of ordered.entries()) {
    const limit = ordered[index + 1]?.headerOffset ?? directoryOffset;
    if (header.headerOffset + header.minBytes > limit) {
      const next = ordered[index + 1];
      const other = next === undefined ? "the central directory" : `entry "${next.name}"`;
      throw zipError("malformed", file, header.headerOffset, `entry "${header.name}" and ${other} overlap`);
    }
    limits.set(header, limit);
  }
  return limits;
}
