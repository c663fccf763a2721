import type { TextTokenizer } from "../tokenizer/text-tokenizer.ts";

/** A piece of a text, in UTF-16 units. */
interface Piece {
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts a text between words into pieces that have at most `room` tokens each, read by themselves; neighbours share at most `overlap`. A word of more tokens is cut within.
 */
export function cutText(text: string, tokenizer: TextTokenizer, room: number, overlap: number): readonly Piece[] {
  const { ids, starts, ends, words } = tokenizer.encode(text);
  /** The beginning of the word that a token is in, unless that is `least` or before. */
  const wordStart = (token: number, least: number): number => {
    let first = token;
    while (first > least && first < ids.length && words[first] === words[first - 1]) first--;
    return first > least ? first : token;
  };
  const pieces: Piece[] = [];
  for (let first = 0; first < ids.length;) {
    let end = wordStart(Math.min(first + room, ids.length), first);
    let piece = pieceOf(first, end);
    // By itself it may have a token more: there is no space before it.
    for (let more = excess(piece); more > 0 && end > first + 1; more = excess(piece)) {
      end = Math.max(first + 1, wordStart(Math.max(first + 1, end - more), first));
      piece = pieceOf(first, end);
    }
    if (text.slice(piece.start, piece.end).trim() !== "") pieces.push(piece);
    if (end === ids.length) break;
    first = Math.max(first + 1, wordStart(Math.max(first + 1, end - overlap), first));
  }
  return pieces;

  function pieceOf(first: number, end: number): Piece {
    return { start: starts[first] ?? 0, end: ends[end - 1] ?? 0 };
  }

  function excess({ start, end }: Piece): number {
    return tokenizer.encode(text.slice(start, end)).ids.length - room;
  }
}
