import { LongspanError } from "../errors/longspan-error.ts";
import type { ByteSource } from "./byte-source.ts";

const pageBytes = 16 * 1024;

/** Metadata of one group mostly lies together: this many pages are as many places that are read in turn. */
const keptPages = 64;

/** `length` bytes from `offset` (bytes into the source); they may be a view of what is kept: to be read, not written. */
export type ReadRange = (offset: number, length: number) => Promise<Uint8Array>;

/**
 * Reads small ranges by whole pages and keeps the ones used last: for formats whose metadata is some hundred bytes here and there between
 * the values.
 * @throws LongspanError (when read) `truncated` when a range leaves the source; what the source throws.
 */
export function pagedReader(source: ByteSource, signal?: AbortSignal): ReadRange {
  /** The one used last stands last. */
  const pages = new Map<number, Uint8Array>();

  async function page(index: number): Promise<Uint8Array> {
    const offset = index * pageBytes;
    const bytes = pages.get(index) ?? (await source.read(offset, Math.min(pageBytes, source.size - offset), { signal })).slice();
    pages.delete(index);
    pages.set(index, bytes);
    for (const oldest of pages.keys()) {
      if (pages.size <= keptPages) break;
      pages.delete(oldest);
    }
    return bytes;
  }

  return async (offset, length) => {
    if (!(offset >= 0 && offset + length <= source.size)) {
      throw new LongspanError(
        "truncated",
        `${source.name} refers to byte ${offset + length}, but has ${source.size}. The file is incomplete: copy or download it again.`,
        { details: { file: source.name, size: source.size } },
      );
    }
    if (length === 0) return new Uint8Array(0);
    const first = Math.floor(offset / pageBytes);
    const start = offset - first * pageBytes;
    if (length > pageBytes) return (await source.read(offset, length, { signal })).slice();
    const head = (await page(first)).subarray(start, start + length);
    if (head.byteLength === length) return head;
    const joined = new Uint8Array(length);
    joined.set(head);
    joined.set((await page(first + 1)).subarray(0, length - head.byteLength), head.byteLength);
    return joined;
  };
}
