/**
 * What a terminal obeys, or a reader cannot see: controls (C0, DEL, C1), line and paragraph separators, lone surrogates, and format
 * characters such as bidirectional overrides. Not among them: the two joiners, which words of many scripts and emoji need, and the
 * number signs that are format characters in name only (Unicode 17, chapter 23).
 */
const hidden = /(?![\u200c-\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const letters: Readonly<Record<string, string>> = { "\n": "n", "\r": "r", "\t": "t" };

/**
 * Text that may come from a file, as it can be shown: nothing in it moves a cursor, changes a colour, reverses what follows or hides.
 * `\x1b`, `\u202e`, `\u{e0041}` stand in the place of such characters; all others stay.
 */
export function visibleText(text: string): string {
  return text.replace(hidden, (character) => `\\${letters[character] ?? codeOf(character.codePointAt(0) ?? 0)}`);
}

function codeOf(codePoint: number): string {
  const digits = codePoint.toString(16);
  if (digits.length > 4) return `u{${digits}}`;
  return digits.length > 2 ? `u${digits.padStart(4, "0")}` : `x${digits.padStart(2, "0")}`;
}
