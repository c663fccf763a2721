import { styled, type OutputStream } from "../terminal.ts";

/** Characters on each side of an answer: sentences of tables and lists never end. */
const longestSide = 240;

/** The sentence (or sentences) that a piece of text stands in, the piece bold on a terminal and in «guillemets» elsewhere. */
export function markedSentence(text: string, piece: { readonly start: number; readonly end: number }, out: OutputStream): string {
  const sentences = new Intl.Segmenter("en", { granularity: "sentence" }).segment(text);
  const first = sentences.containing(piece.start);
  const last = sentences.containing(Math.max(piece.start, piece.end - 1));
  const before = onOneLine(text.slice(first?.index ?? piece.start, piece.start)).trimStart();
  const after = onOneLine(text.slice(piece.end, last === undefined ? piece.end : last.index + last.segment.length)).trimEnd();
  return lastWords(before) + marked(out, onOneLine(text.slice(piece.start, piece.end))) + firstWords(after);
}

function marked(out: OutputStream, text: string): string {
  const bold = styled(out, "bold", text);
  return bold === text ? `«${text}»` : bold;
}

/** A document must not move a terminal's cursor, nor change its colours. */
export function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, " ");
}

function lastWords(text: string): string {
  return text.length <= longestSide
    ? text
    : `… ${text
        .slice(-longestSide)
        .replace(/^\S*\s/, "")
        .toWellFormed()}`;
}

function firstWords(text: string): string {
  return text.length <= longestSide
    ? text
    : `${text
        .slice(0, longestSide)
        .replace(/\s\S*$/, "")
        .toWellFormed()} …`;
}
