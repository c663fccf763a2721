import type { ByteSource, ReadOptions } from "./byte-source.ts";
import { checkRange } from "./check-range.ts";

/** A range of another source. */
export interface SourceRange {
  /** Where the bytes come from. */
  readonly source: ByteSource;
  /** The first byte, from the source's beginning. */
  readonly offset: number;
  /** How many bytes. */
  readonly byteLength: number;
}

/** Ranges of other sources, back to back. Closing it closes none of them. */
export function concatenatedSource(name: string, parts: readonly SourceRange[]): ByteSource {
  const ends: number[] = [];
  let size = 0;
  for (const part of parts) {
    size += part.byteLength;
    ends.push(size);
  }
  const source: ByteSource = {
    name,
    size,
    async read(offset: number, length: number, options: ReadOptions = {}) {
      checkRange(source, offset, length);
      const first = ends.findIndex((end) => offset < end);
      const part = parts[first];
      if (part === undefined) return new Uint8Array(0);
      const within = offset - ((ends[first] ?? 0) - part.byteLength);
      if (within + length <= part.byteLength) return part.source.read(part.offset + within, length, options);
      const out = options.into?.subarray(0, length) ?? new Uint8Array(length);
      let filled = 0;
      for (let index = first; filled < length; index++) {
        const current = parts[index];
        if (current === undefined) break;
        const start = index === first ? within : 0;
        const take = Math.min(length - filled, current.byteLength - start);
        out.set(await current.source.read(current.offset + start, take, { signal: options.signal }), filled);
        filled += take;
      }
      return out;
    },
    close: async () => {},
  };
  return source;
}
