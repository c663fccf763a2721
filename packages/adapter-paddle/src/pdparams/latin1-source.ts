import { type ByteSource, LongspanError, type ReadOptions } from "@longspan/core";
import { decodeLatin1 } from "./decode-latin1.ts";

/** Bytes decoded at a time: enough that reading in order costs few reads, little enough to keep. */
const windowBytes = 256 * 1024;

export interface Latin1Text {
  /** Holds the text's UTF-8. */
  readonly source: ByteSource;
  /** Bytes into the source. */
  readonly offset: number;
  /** Bytes of UTF-8. */
  readonly byteLength: number;
}

/** The window decoded last. One is kept for all texts of a file, however many those are. */
export interface Latin1Window {
  text?: Latin1Text;
  index?: number;
  bytes?: Uint8Array;
}

/**
 * The bytes that protocol 2 spells as text: `_codecs.encode(text, "latin1")`, one character U+0000 to U+00FF per byte, so that every byte from 0x80 on
 * takes two in the file (Lib/pickle.py, `save_bytes`). Decoded window by window; where each begins is remembered, one number per window.
 *
 * Whether the text has exactly `size` characters, all of them below U+0100, is known when its end has been read; until then what is read is right.
 *
 * @param name of the tensor, for messages
 * @param size decoded bytes, as the array's shape asks for
 * @throws LongspanError `tensor-invalid` when no text of so many UTF-8 bytes has `size` characters; reads throw it too, where the text proves to be another
 */
export function latin1Source(name: string, text: Latin1Text, size: number, kept: Latin1Window): ByteSource {
  const wrong = (why: string): LongspanError =>
    new LongspanError("tensor-invalid", `Tensor "${name}" is spelled as Latin-1 text that ${why}. The file is damaged: write it again.`, {
      details: { tensor: name, offset: text.offset, byteLength: text.byteLength, expected: size },
    });
  if (size > text.byteLength || text.byteLength > 2 * size)
    throw wrong(`has ${text.byteLength} bytes of UTF-8 where ${size} characters are needed`);

  /** Where each window begins, relative to the text; the last entry belongs to the first window not yet decoded. */
  const starts: number[] = [0];
  const lengthOf = (index: number): number => Math.min(windowBytes, size - index * windowBytes);

  async function decode(index: number, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const start = starts[index] ?? 0;
    const encoded = await text.source.read(text.offset + start, Math.min(2 * bytes.length, text.byteLength - start), { signal });
    const consumed = decodeLatin1(encoded, bytes);
    if (consumed === "short") throw wrong(`ends before its ${size} characters do`);
    if (consumed === "invalid")
      throw wrong(
        `has a character above U+00FF, or is not UTF-8, within ${encoded.length} bytes from byte ${text.offset + start} of the file`,
      );
    const end = start + consumed;
    const isLast = (index + 1) * windowBytes >= size;
    if (isLast && end !== text.byteLength) throw wrong(`goes on after its ${size} characters`);
    if (!isLast && starts.length === index + 1) starts.push(end);
  }

  async function window(index: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (kept.text === text && kept.index === index && kept.bytes !== undefined) return kept.bytes;
    const bytes = new Uint8Array(lengthOf(index));
    await decode(index, bytes, signal);
    Object.assign(kept, { text, index, bytes });
    return bytes;
  }

  async function read(offset: number, length: number, { signal, into }: ReadOptions): Promise<Uint8Array> {
    if (!(offset >= 0 && length >= 0 && offset + length <= size))
      throw wrong(`was asked for bytes ${offset} to ${offset + length} of ${size}`);
    const out = into?.subarray(0, length) ?? new Uint8Array(length);
    if (length === 0) return out;
    const firstWindow = Math.floor(offset / windowBytes);
    const lastWindow = Math.floor((offset + length - 1) / windowBytes);
    // Windows that were never decoded have to be walked through: where the next begins depends on them.
    for (let index = Math.min(firstWindow, starts.length - 1); index <= lastWindow; index++) {
      const from = index * windowBytes - offset;
      const to = from + lengthOf(index);
      if (from >= 0 && to <= length) {
        await decode(index, out.subarray(from, to), signal);
      } else {
        const bytes = await window(index, signal);
        if (to > 0) out.set(bytes.subarray(Math.max(0, -from), Math.min(bytes.length, length - from)), Math.max(0, from));
      }
    }
    return out;
  }

  // One read at a time: where a window begins is known once the one before it has been decoded.
  let previous: Promise<unknown> = Promise.resolve();
  return {
    name: text.source.name,
    size,
    read(offset, length, options = {}) {
      const result = previous.then(() => read(offset, length, options));
      previous = result.catch(() => undefined);
      return result;
    },
    close: async () => {},
  };
}
