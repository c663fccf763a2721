import type { PlacedText } from "../place/placed-text.ts";
import { lineStarts } from "../place/line-starts.ts";

/** A text as it stands, each line a piece. */
export function plainText(text: string): PlacedText {
  return { text, starts: lineStarts(text), positionOf: (piece) => ({ line: piece + 1 }) };
}
