/** A piece of a text that is laid out on its own: what is not on the screen is not laid out at all. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
  /** It begins within a line, which would be too long to be laid out at once. */
  readonly goesOn: boolean;
}

/** Neither so small that a long text has thousands, nor so large that one takes a frame to lay out. */
const wanted = 2400;

/** No line up to this length is cut, for a chunk begins a new line on the screen. */
const longest = 24_000;

/**
 * Cuts a text into chunks: at ends of lines; a line that is longer than any paragraph, after a sentence, else at a space. Together they are the
 * whole text.
 */
export function documentChunks(text: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let start = 0;
  while (start < text.length) {
    const end = text.length - start <= wanted ? text.length : cutAfter(text, start);
    chunks.push({ start, end, goesOn: start > 0 && text[start - 1] !== "\n" });
    start = end;
  }
  return chunks;
}

function cutAfter(text: string, start: number): number {
  const limit = start + wanted;
  const line = text.lastIndexOf("\n", limit - 1);
  if (line >= start + wanted / 4) return line + 1;
  const nextLine = text.indexOf("\n", limit);
  const end = nextLine === -1 ? text.length : nextLine + 1;
  if (end <= start + longest) return end;
  const sentence = text.lastIndexOf(". ", limit - 2);
  if (sentence >= start + wanted / 2) return sentence + 2;
  const space = text.lastIndexOf(" ", limit - 1);
  if (space >= start + wanted / 2) return space + 1;
  // No space for a long while: at least no character is cut in two.
  const code = text.charCodeAt(limit - 1);
  return code >= 0xd800 && code < 0xdc00 ? limit - 1 : limit;
}
