/**
 * A piece of text and where its UTF-16 units come from in the text it was made of. `starts[i]`/`ends[i]`: the range of the original that
 * unit i stands for.
 */
export interface PlacedText {
  readonly text: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Units `from` to `to` of a text as they are; both halves of a surrogate pair stand for the whole character. */
export function placeAsIs(text: string, from: number, to: number): PlacedText {
  const starts = new Int32Array(to - from);
  const ends = new Int32Array(to - from);
  let at = from;
  for (const character of text.slice(from, to)) {
    starts.fill(at, at - from, at - from + character.length);
    ends.fill(at + character.length, at - from, at - from + character.length);
    at += character.length;
  }
  return { text: text.slice(from, to), starts, ends };
}

/** Joins replaced pieces, each with the range of the original it stands for. */
export function joinPieces(pieces: readonly { readonly text: string; readonly start: number; readonly end: number }[]): PlacedText {
  const text = pieces.map((piece) => piece.text).join("");
  const starts = new Int32Array(text.length);
  const ends = new Int32Array(text.length);
  let at = 0;
  for (const piece of pieces) {
    starts.fill(piece.start, at, at + piece.text.length);
    ends.fill(piece.end, at, at + piece.text.length);
    at += piece.text.length;
  }
  return { text, starts, ends };
}

export function slicePlaced({ text, starts, ends }: PlacedText, from: number, to: number): PlacedText {
  return { text: text.slice(from, to), starts: starts.subarray(from, to), ends: ends.subarray(from, to) };
}
