import { PickleError } from "./errors.ts";
import { type PickleSource, readExactly } from "./source.ts";
import { latin1Bytes } from "./text/latin1.ts";
import { decodeUtf8 } from "./text/utf8.ts";
import type { PickleText, PickleValue } from "./values.ts";
import { bytesOrigin } from "./views/as-bytes.ts";
import { describe } from "./describe.ts";

const defaultChunkBytes = 1024 * 1024;
// V8's longest string has 2^29 - 24 characters, other engines' is longer.
const maxTextLength = 2 ** 29 - 24;

/**
 * Streams the bytes a value stands for (see `asBytes` for the spellings), from memory or from the source they were left
 * in. Chunks are at most `chunkBytes` long, default 1 MiB; text that spells bytes is decoded on the way.
 *
 * @throws PickleError `pickle-type` for a value that stands for no bytes; `pickle-literal` for text beyond U+00FF.
 */
export async function* streamBytes(
  source: PickleSource | Uint8Array,
  value: PickleValue,
  chunkBytes: number = defaultChunkBytes,
): AsyncGenerator<Uint8Array, void, void> {
  const origin = bytesOrigin(value);
  if (origin === undefined) throw new PickleError("pickle-type", `Bytes are expected, but found ${describe(value)}`);
  if ("latin1" in origin) {
    if (typeof origin.latin1 === "string") {
      const bytes = latin1Bytes(origin.latin1);
      if (bytes === undefined)
        throw new PickleError("pickle-literal", `Text that spells bytes is expected to end at U+00FF: ${describe(origin.latin1)}`);
      yield* slices(bytes, chunkBytes);
    } else {
      yield* decodedLatin1(source, origin.latin1, chunkBytes);
    }
  } else if (origin.data !== undefined) {
    yield* slices(origin.data, chunkBytes);
  } else {
    const { offset = 0, byteLength } = origin;
    for (let done = 0; done < byteLength; done += chunkBytes)
      yield await readExactly(source, offset + done, Math.min(chunkBytes, byteLength - done));
  }
}

/**
 * The bytes a value stands for, from memory or from the source they were left in.
 *
 * @throws PickleError as {@link streamBytes}.
 */
export async function readBytes(source: PickleSource | Uint8Array, value: PickleValue): Promise<Uint8Array> {
  const origin = bytesOrigin(value);
  if (origin !== undefined && !("latin1" in origin)) return origin.data ?? readExactly(source, origin.offset ?? 0, origin.byteLength);
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamBytes(source, value)) chunks.push(chunk);
  const bytes = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
  let length = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return bytes;
}

/**
 * Decodes a text that was left in the source; a string comes back as it is.
 *
 * @throws PickleError `pickle-literal` where it is not UTF-8, `pickle-limit` where no string could hold it.
 */
export async function readText(source: PickleSource | Uint8Array, value: PickleText | string): Promise<string> {
  if (typeof value === "string") return value;
  const place = { offset: value.offset };
  if (value.byteLength > maxTextLength)
    throw new PickleError("pickle-limit", `A text of ${value.byteLength} bytes does not fit a string`, place);
  const text = decodeUtf8(await readExactly(source, value.offset, value.byteLength));
  if (text === undefined)
    throw new PickleError("pickle-literal", `A text of ${value.byteLength} bytes is expected to be UTF-8, but is not`, place);
  return text;
}

function* slices(bytes: Uint8Array, chunkBytes: number): Generator<Uint8Array, void, void> {
  for (let start = 0; start < bytes.length; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes);
}

/** U+0000 to U+007F are one byte of UTF-8, U+0080 to U+00FF two: C2 or C3, and the low six bits. */
async function* decodedLatin1(
  source: PickleSource | Uint8Array,
  text: PickleText,
  chunkBytes: number,
): AsyncGenerator<Uint8Array, void, void> {
  let lead = 0;
  for (let done = 0; done < text.byteLength; done += chunkBytes) {
    const encoded = await readExactly(source, text.offset + done, Math.min(chunkBytes, text.byteLength - done));
    const bytes = new Uint8Array(encoded.length);
    let length = 0;
    for (let index = 0; index < encoded.length; index++) {
      const byte = encoded[index] as number;
      if (lead !== 0 ? (byte & 0xc0) === 0x80 : byte < 0x80) {
        bytes[length++] = lead === 0 ? byte : ((lead & 3) << 6) | (byte & 0x3f);
        lead = 0;
      } else if (lead === 0 && (byte === 0xc2 || byte === 0xc3)) {
        lead = byte;
      } else {
        throw notLatin1(text.offset + done + index);
      }
    }
    yield bytes.subarray(0, length);
  }
  if (lead !== 0) throw notLatin1(text.offset + text.byteLength - 1);
}

function notLatin1(offset: number): PickleError {
  return new PickleError("pickle-literal", "Text that spells bytes is expected to be UTF-8 of U+0000 to U+00FF", { offset });
}
