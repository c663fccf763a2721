import { type ByteSource, LongspanError } from "@longspan/core";
import { type MemoryBudget, pagedReader } from "@longspan/core/adapter";
import type { Widths } from "./cursor.ts";
import { readSuperblock } from "./superblock.ts";

/** An HDF5 file whose superblock was read. */
export interface Hdf5File extends Widths {
  /** For messages. */
  readonly name: string;
  readonly source: ByteSource;
  /** Bytes into the source where the file's address 0 lies. */
  readonly base: number;
  /** The address of the root group's object header. */
  readonly root: number;
  /** What reading keeps is spent from here. */
  readonly budget: MemoryBudget;
  /**
   * Metadata: a few bytes here and there.
   * @throws LongspanError `truncated` when the range leaves the file; `limit-exceeded` when all reads together are far more than a model's
   *   metadata; what the source throws.
   */
  read(address: number, length: number): Promise<Uint8Array>;
}

/**
 * Objects may share headers, heaps and trees, so that a small file can ask for the same bytes without end. The metadata of a model of 1,000
 * layers has some 50 MB.
 */
const maxMetadataBytes = 512 * 2 ** 20;

/** What a read costs beside its bytes, so that many small ones count, too. */
const bytesPerRead = 256;

/**
 * Reads the superblock. The source stays the caller's.
 * @throws LongspanError `malformed`, `unsupported`, `truncated`, and what the source throws.
 */
export async function openHdf5(source: ByteSource, budget: MemoryBudget, signal?: AbortSignal): Promise<Hdf5File> {
  const read = pagedReader(source, signal);
  const superblock = await readSuperblock(source, read);
  let asked = 0;
  return {
    ...superblock,
    name: source.name,
    source,
    budget,
    async read(address, length) {
      asked += bytesPerRead + length;
      if (asked > maxMetadataBytes) {
        throw new LongspanError(
          "limit-exceeded",
          `${source.name}: what the file says of its groups and datasets is read again and again, more than ${maxMetadataBytes / 2 ** 20} MiB together. This is no file of weights.`,
          { details: { file: source.name } },
        );
      }
      return read(superblock.base + address, length);
    },
  };
}
