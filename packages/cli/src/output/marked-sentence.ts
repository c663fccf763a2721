import { showsStyles, styled, type LinePart, type OutputStream } from "../terminal.ts";

/** Characters on each side of an answer: sentences of tables and lists never end. */
const maxSideLength = 240;

/** The sentence (or sentences) that a piece of text stands in, the piece bold on a terminal and in «guillemets» elsewhere. */
export function markedSentence(text: string, piece: { readonly start: number; readonly end: number }, out: OutputStream): LinePart[] {
  // No more around it is shown; of a long text, sentences are not looked for all over it for each of many pieces.
  const from = Math.max(0, piece.start - maxSideLength * 4);
  const around = text.slice(from, piece.end + maxSideLength * 4);
  const sentences = new Intl.Segmenter("en", { granularity: "sentence" }).segment(around);
  const first = sentences.containing(piece.start - from);
  const last = sentences.containing(Math.max(piece.start, piece.end - 1) - from);
  const before = onOneLine(around.slice(first?.index ?? piece.start - from, piece.start - from)).trimStart();
  const after = onOneLine(
    around.slice(piece.end - from, last === undefined ? piece.end - from : last.index + last.segment.length),
  ).trimEnd();
  const marked = onOneLine(text.slice(piece.start, piece.end));
  return [lastWords(before), showsStyles(out) ? styled("bold", marked) : `«${marked}»`, firstWords(after)];
}

/** Lines, tabs and other controls of a document as spaces; what else a terminal would obey is made visible when it is written. */
export function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, " ");
}

function lastWords(text: string): string {
  return text.length <= maxSideLength
    ? text
    : `… ${text
        .slice(-maxSideLength)
        .replace(/^\S*\s/, "")
        .toWellFormed()}`;
}

function firstWords(text: string): string {
  return text.length <= maxSideLength
    ? text
    : `${text
        .slice(0, maxSideLength)
        .replace(/\s\S*$/, "")
        .toWellFormed()} …`;
}
