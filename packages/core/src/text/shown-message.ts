import { boundedText } from "./bounded-text.ts";
import { visibleText } from "./visible-text.ts";

/** Characters of one message: the longest of ours list ten names with their shapes. */
const messageCharacters = 2400;

/** A quoted piece, or a run without spaces, that is longer than what is shown of a name (`shownCharacters`). */
const longPieces = /(?<=")[^"]{241,}(?=")|[^\s"]{241,}/g;

/**
 * A message as it can be shown, whatever the file said that it quotes: hidden characters are visible, and of a long name (or any other
 * long piece) the beginning and the end are kept.
 */
export function shownMessage(message: string): string {
  // Cut first: what is quoted may have megabytes.
  const pieces = message.replace(longPieces, (piece) => boundedText(piece));
  return visibleText(boundedText(pieces, messageCharacters));
}
