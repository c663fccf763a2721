import { PickleError } from "./errors.ts";

/** Bytes that can be read at any place: a file, a blob, a URL with range requests, an entry of an archive. */
export interface PickleSource {
  /** Number of bytes. */
  readonly size: number;
  /** Resolves to exactly `length` bytes from `offset`; only asked for ranges inside `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * Reads a range and checks that the source kept its word.
 *
 * @throws PickleError `pickle-source` for a range outside the source or a read of another length.
 */
export async function readExactly(source: PickleSource | Uint8Array, offset: number, length: number): Promise<Uint8Array> {
  const size = sourceSize(source);
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0 || offset + length > size) {
    throw new PickleError("pickle-source", `Bytes ${offset} to ${offset + length} are wanted of a source of ${size} bytes`);
  }
  if (source instanceof Uint8Array) return source.subarray(offset, offset + length);
  const bytes = await source.read(offset, length);
  if (!(bytes instanceof Uint8Array) || bytes.length !== length) {
    const found = bytes instanceof Uint8Array ? `${bytes.length} bytes` : "no Uint8Array";
    throw new PickleError("pickle-source", `The source returned ${found} for ${length} bytes at ${offset}`);
  }
  return bytes;
}

/**
 * Number of bytes of a source.
 *
 * @throws PickleError `pickle-source` where a source states a size that is no integer of at least 0.
 */
export function sourceSize(source: PickleSource | Uint8Array): number {
  if (source instanceof Uint8Array) return source.length;
  const { size } = source;
  if (!Number.isSafeInteger(size) || size < 0) throw new PickleError("pickle-source", `The source states a size of ${String(size)} bytes`);
  return size;
}
