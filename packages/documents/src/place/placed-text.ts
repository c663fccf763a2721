import type { Document, DocumentKind, Place, Position } from "../document.ts";

/** A text and where its pieces come from: piece `i` begins at `starts[i]` and ends where the next one begins. */
export interface PlacedText {
  readonly text: string;
  /** In rising order; the first is 0, unless the text is empty. */
  readonly starts: readonly number[];
  readonly positionOf: (piece: number) => Position;
}

/** Gathers a text piece by piece. */
export interface TextCollector {
  /** Adds a piece. Neighbouring pieces of one position (the same object) are kept as one. */
  add(piece: string, position: Position): void;
  readonly length: number;
  result(): PlacedText;
}

export function textCollector(): TextCollector {
  const pieces: string[] = [];
  const starts: number[] = [];
  const positions: Position[] = [];
  let length = 0;
  return {
    add(piece, position) {
      if (piece === "") return;
      if (positions.at(-1) !== position) {
        starts.push(length);
        positions.push(position);
      }
      pieces.push(piece);
      length += piece.length;
    },
    get length() {
      return length;
    },
    result: () => ({ text: pieces.join(""), starts, positionOf: (piece) => positions[piece] ?? {} }),
  };
}

export function placedDocument(
  { name, kind, warnings = [] }: { readonly name: string; readonly kind: DocumentKind; readonly warnings?: readonly string[] },
  { text, starts, positionOf }: PlacedText,
): Document {
  return {
    name,
    kind,
    text,
    warnings,
    place(start, end): Place {
      if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= text.length)) {
        throw new RangeError(`${start} to ${end} is no piece of a text of ${text.length} UTF-16 units`);
      }
      const first = pieceAt(starts, start);
      const last = Math.max(first, pieceAt(starts, Math.max(start, end - 1)));
      const [from, to] = [positionOf(first), positionOf(last)];
      return { name, ...from, ...(last === first || isSame(from, to) ? {} : { last: to }) };
    },
  };
}

/** The last piece that begins at `offset` or before. */
export function pieceAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

function isSame(a: Position, b: Position): boolean {
  return a.page === b.page && a.paragraph === b.paragraph && a.line === b.line && a.note === b.note;
}
