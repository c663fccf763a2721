import { pagedReader } from "@longspan/core";
import type { ByteSource } from "@longspan/core";
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
  /** Metadata: a few bytes here and there. @throws LongspanError `truncated` when the range leaves the file; what the source throws. */
  read(address: number, length: number): Promise<Uint8Array>;
}

/**
 * Reads the superblock. The source stays the caller's.
 * @throws LongspanError `malformed`, `unsupported`, `truncated`, and what the source throws.
 */
export async function openHdf5(source: ByteSource, signal?: AbortSignal): Promise<Hdf5File> {
  const read = pagedReader(source, signal);
  const superblock = await readSuperblock(source, read);
  return {
    ...superblock,
    name: source.name,
    source,
    read: (address, length) => read(superblock.base + address, length),
  };
}
