import type { ByteSource } from "@longspan/core";

const pageBytes = 16 * 1024;

/** Metadata of one group mostly lies together: this many pages are as many places that are read in turn. */
const keptPages = 64;

export type ReadRange = (offset: number, length: number) => Promise<Uint8Array>;

/** Reads small ranges by whole pages and keeps the ones used last: metadata is some hundred bytes here and there between the values. */
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
