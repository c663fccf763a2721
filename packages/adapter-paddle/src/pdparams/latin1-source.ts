import { type ByteSource, LongspanError, type ReadOptions } from "@longspan/core";

/** Bytes decoded at a time, and kept until others are wanted: enough that reading a tensor in order costs one read per window. */
const windowBytes = 256 * 1024;

export interface Latin1Text {
  /** Holds the text's UTF-8. */
  readonly source: ByteSource;
  /** Bytes into the source. */
  readonly offset: number;
  /** Bytes of UTF-8. */
  readonly byteLength: number;
}

/**
 * The bytes that protocol 2 spells as text: `_codecs.encode(text, "latin1")`, one character U+0000 to U+00FF per byte, so that every byte from 0x80 on
 * takes two in the file (Lib/pickle.py, `save_bytes`). Decoded window by window; where each window begins is remembered, eight bytes per window.
 *
 * Whether the text has exactly `size` characters, all of them below U+0100, is known when its end has been read; until then what is read is right.
 *
 * @param size decoded bytes, as the array's shape asks for
 * @throws LongspanError `tensor-invalid` when no text of so many UTF-8 bytes has `size` characters; reads throw it too, where the text proves to be another
 */
export function latin1Source(name: string, text: Latin1Text, size: number): ByteSource {
  const wrong = (why: string): LongspanError =>
    new LongspanError(
      "tensor-invalid",
      `Tensor "${name}" is spelled as Latin-1 text that ${why}. The file is damaged: write it again.`,
      {
        details: { tensor: name, offset: text.offset, byteLength: text.byteLength, expected: size },
      },
    );
  if (size > text.byteLength || text.byteLength > 2 * size)
    throw wrong(`has ${text.byteLength} bytes of UTF-8 where ${size} characters are needed`);

  /** Where each window begins, relative to the text; the last entry belongs to the first window not yet decoded. */
  const starts: number[] = [0];
  let cached: { readonly index: number; readonly bytes: Uint8Array } | undefined;

  async function decode(index: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (cached?.index === index) return cached.bytes;
    const start = starts[index] ?? 0;
    const wanted = Math.min(windowBytes, size - index * windowBytes);
    const encoded = await text.source.read(
      text.offset + start,
      Math.min(2 * wanted, text.byteLength - start),
      { signal },
    );
    const bytes = new Uint8Array(wanted);
    let position = 0;
    for (let filled = 0; filled < wanted; filled++) {
      const first = encoded[position++];
      if (first === undefined)
        throw wrong(`ends after ${index * windowBytes + filled} of ${size} characters`);
      if (first < 0x80) {
        bytes[filled] = first;
        continue;
      }
      const second = encoded[position++] ?? 0;
      if ((first !== 0xc2 && first !== 0xc3) || (second & 0xc0) !== 0x80) {
        throw wrong(
          `has a character above U+00FF, or is not UTF-8, at byte ${text.offset + start + position - 2} of the file`,
        );
      }
      bytes[filled] = ((first & 0x03) << 6) | (second & 0x3f);
    }
    const end = start + position;
    if ((index + 1) * windowBytes >= size) {
      if (end !== text.byteLength) throw wrong(`goes on after its ${size} characters`);
    } else if (starts.length === index + 1) {
      starts.push(end);
    }
    cached = { index, bytes };
    return bytes;
  }

  async function read(offset: number, length: number, options: ReadOptions): Promise<Uint8Array> {
    if (!(offset >= 0 && length >= 0 && offset + length <= size))
      throw wrong(`was asked for bytes ${offset} to ${offset + length} of ${size}`);
    if (length === 0) return new Uint8Array(0);
    const out = options.into?.subarray(0, length) ?? new Uint8Array(length);
    const firstWindow = Math.floor(offset / windowBytes);
    const lastWindow = Math.floor((offset + length - 1) / windowBytes);
    // Windows that were never decoded have to be walked through: where the next begins depends on them.
    for (let index = Math.min(firstWindow, starts.length - 1); index <= lastWindow; index++) {
      // oxlint-disable-next-line no-await-in-loop -- each window says where the next begins
      const bytes = await decode(index, options.signal);
      if (index < firstWindow) continue;
      const windowStart = index * windowBytes;
      const from = Math.max(offset, windowStart);
      const to = Math.min(offset + length, windowStart + bytes.length);
      out.set(bytes.subarray(from - windowStart, to - windowStart), from - offset);
    }
    return out;
  }

  // One read at a time: they share the window.
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
