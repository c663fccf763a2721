import type { ReadOptions } from "./byte-source.ts";

/** Exactly `target.length` bytes from `offset`. */
export type FetchRange = (offset: number, target: Uint8Array, signal: AbortSignal | undefined) => Promise<void>;

interface Window {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** How much the first read at a new place fetches: a header, rarely more. */
export const minWindow: number = 64 * 1024;

/** Places that are read in turn without fetching again: a file's head, its directory, its data. */
const windowCount = 3;

export interface ReadAhead {
  read(offset: number, length: number, options: ReadOptions): Promise<Uint8Array>;
  clear(): void;
}

/**
 * Answers reads from windows of bytes fetched before. A window begins small and doubles, up to `maxWindow` bytes, each time reading goes on where it
 * ended: many small reads in a row cost few fetches, and single ones here and there fetch little that is not used. Reads of `maxWindow` and more are
 * fetched as they are.
 */
export function readAhead(size: number, maxWindow: number, head: Uint8Array, fetchRange: FetchRange): ReadAhead {
  /** The one used last comes first. */
  let windows: Window[] = head.length === 0 ? [] : [{ offset: 0, bytes: head }];

  function use(window: Window): void {
    windows = [window, ...windows.filter((other) => other !== window)].slice(0, windowCount);
  }

  return {
    async read(offset, length, options) {
      if (length === 0) return new Uint8Array(0);
      const known = windows.find((window) => offset >= window.offset && offset <= endOf(window));
      if (known !== undefined && offset + length <= endOf(known)) {
        use(known);
        return known.bytes.subarray(offset - known.offset, offset - known.offset + length);
      }
      if (length >= maxWindow) {
        const target = options.into?.subarray(0, length) ?? new Uint8Array(length);
        await fetchRange(offset, target, options.signal);
        return target;
      }
      const kept = known === undefined ? new Uint8Array(0) : known.bytes.subarray(offset - known.offset);
      const ahead = known === undefined ? minWindow : Math.max(minWindow, known.bytes.length * 2);
      const wanted = Math.max(length, Math.min(ahead, maxWindow));
      const bytes = new Uint8Array(Math.min(wanted, size - offset));
      bytes.set(kept.subarray(0, bytes.length));
      await fetchRange(offset + kept.length, bytes.subarray(kept.length), options.signal);
      const window = { offset, bytes };
      windows = windows.filter((other) => other !== known);
      use(window);
      return bytes.subarray(0, length);
    },
    clear() {
      windows = [];
    },
  };
}

function endOf(window: Window): number {
  return window.offset + window.bytes.length;
}
