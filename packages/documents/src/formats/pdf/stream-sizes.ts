import { LongspanError } from "@longspan/core";
import { throwIfAborted } from "@longspan/core/adapter";
import { asLatin1 } from "../../bytes/signature.ts";

/** One stream that is no picture: ten times the page with the most drawing on it that we met, and a font of all of Chinese. */
const maxStreamBytes = 2 ** 25;

/** All streams: page descriptions and fonts shrink to a tenth, seldom to a fortieth. */
const maxRatio = 40;
const freeBytes = 2 ** 25;

/** So much before a stream is looked at for what its dictionary says. */
const dictionaryLength = 1024;

/**
 * Inflates what a PDF holds in deflated streams, once or twice deflated, and lets it go again: pdf.js keeps a stream whole, however much it comes to.
 * @throws LongspanError `limit-exceeded` for a file that comes to more than a document does; `aborted`.
 */
export async function checkStreamSizes(bytes: Uint8Array<ArrayBuffer>, name: string, signal: AbortSignal | undefined): Promise<void> {
  const limit = freeBytes + maxRatio * bytes.length;
  const text = asLatin1(bytes);
  let left = limit;
  for (const { index } of text.matchAll(/(?<!end)stream\r?\n/g)) {
    throwIfAborted(signal);
    const start = text.indexOf("\n", index) + 1;
    const end = text.indexOf("endstream", start);
    const compressed = bytes.subarray(start, end === -1 ? undefined : end);
    if (!isDeflated(compressed)) continue;
    const dictionary = text.slice(Math.max(0, index - dictionaryLength), index);
    const isPicture = /\/Subtype\s*\/Image\b/.test(dictionary.slice(dictionary.lastIndexOf(" obj") + 1));
    const most = isPicture ? left : Math.min(left, maxStreamBytes);
    const length = await inflatedLength(compressed, most);
    if (length > most) {
      throw new LongspanError(
        "limit-exceeded",
        `${name} unpacks to more than a document does: a part of it to more than ${most} bytes. Print it anew to a PDF, and give that.`,
        { details: { name, limit: most } },
      );
    }
    left -= length;
  }
}

/** Whether bytes begin as zlib's do (RFC 1950, 2.2). */
function isDeflated(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  return (first & 0x0f) === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0;
}

/** How many bytes deflated bytes come to, and what these come to where they are deflated again: the larger number, or one above `most`. */
async function inflatedLength(compressed: Uint8Array<ArrayBuffer>, most: number): Promise<number> {
  let inner: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;
  let innerLength: Promise<number> | undefined;
  let isFirst = true;
  const outer = await countBytes(new Blob([compressed]).stream(), most, async (piece) => {
    if (isFirst && isDeflated(piece)) {
      const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
      inner = writable.getWriter();
      innerLength = countBytes(readable, most);
    }
    isFirst = false;
    // What is no second layer ends it with an error, which is none of ours.
    await inner?.write(piece).catch(() => (inner = undefined));
  });
  inner?.close().catch(() => {});
  return Math.max(outer, (await innerLength) ?? 0);
}

async function countBytes(
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
  most: number,
  each?: (piece: Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<number> {
  const reader = source.pipeThrough(new DecompressionStream("deflate")).getReader();
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return length;
      length += value.length;
      if (length > most) return length;
      await each?.(value);
    }
  } catch {
    // Damaged, or followed by something else: pdf.js decides.
    return length;
  } finally {
    await reader.cancel().catch(() => {});
  }
}
