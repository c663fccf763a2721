import { type ByteSource, LongspanError } from "@longspan/core";
import { crc32 } from "#checksum";
import type { ZipEntry } from "./zip-archive.ts";
import { zipError } from "./zip-error.ts";
import { methodStored } from "./zip-format.ts";

/**
 * The bytes of one stored entry. With `verify`, reads that go through the entry from its first byte to its last are summed up on the
 * way, and the last of them throws when the sum is not the archive's: a damaged tensor is noticed at no further read.
 */
export function entrySource(archive: ByteSource, entry: ZipEntry, verify: boolean): ByteSource {
  const expected = verify ? entry.checksum : undefined;
  const name = `${archive.name} (${entry.name})`;
  let summed = { bytes: 0, checksum: 0 };
  return {
    name,
    size: entry.byteLength,
    async read(offset, length, options) {
      if (entry.method !== methodStored) throw compressedEntryError(archive.name, entry);
      if (offset < 0 || length < 0 || offset + length > entry.byteLength) {
        const problem = `${name}: bytes ${offset} to ${offset + length} were asked for, and there are ${entry.byteLength}.`;
        throw new LongspanError("truncated", problem, {
          details: { file: archive.name, entry: entry.name, offset },
        });
      }
      const dataOffset = await entry.dataOffset(options?.signal);
      const bytes = await archive.read(dataOffset + offset, length, options);
      if (expected === undefined) return bytes;
      if (offset === 0) summed = { bytes: 0, checksum: 0 };
      if (offset === summed.bytes) {
        summed = { bytes: offset + length, checksum: crc32(bytes, summed.checksum) };
        if (summed.bytes === entry.byteLength && summed.checksum !== expected) {
          throw checksumError(archive.name, entry, dataOffset, summed.checksum);
        }
      }
      return bytes;
    },
    async blob(offset, length) {
      return entry.method === methodStored ? archive.blob?.((await entry.dataOffset()) + offset, length) : undefined;
    },
    async close() {},
  };
}

/** The error for an entry that would have to be inflated. */
export function compressedEntryError(file: string, entry: ZipEntry): LongspanError {
  const hint =
    "torch.save stores its entries, so another tool packed the archive: unpack it and pack it again without compression (zip -0 -r), or load and save it with torch.";
  return zipError("unsupported", file, entry.headerOffset, `entry "${entry.name}" is compressed (method ${entry.method})`, hint);
}

function checksumError(file: string, entry: ZipEntry, dataOffset: number, found: number): LongspanError {
  const problem = `the ${entry.byteLength} bytes of entry "${entry.name}" have the checksum ${hexadecimal(found)}, and the archive says ${hexadecimal(entry.checksum ?? 0)}`;
  const hint =
    "Bytes changed after the file was written: copy or download it again. (torch.load does not look; torch({ verifyChecksums: false }) does not either.)";
  return zipError("malformed", file, dataOffset, problem, hint);
}

function hexadecimal(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}
