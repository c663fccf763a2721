import { newControls, newMarks, newNonspacingMarks, newPunctuation } from "./library-characters.ts";

/** Classes of characters as the `tokenizers` library's regular expressions and Rust have them, which differ from JavaScript's `\s` and `\w`. */
const space = /^\p{White_Space}$/u;

/** UTS #18's word characters (regex crate, "Perl character classes"). */
export const wordCharacters: string = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;

export function isSpace(character: string | undefined): boolean {
  return character !== undefined && space.test(character);
}

/** Punctuation as BERT counts it: Unicode's, and all of ASCII's that is neither letter, digit nor space. */
export const punctuation: RegExp = /*#__PURE__*/ new RegExp(
  String.raw`(?![${newPunctuation}])[\p{P}\u0021-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u007E\u166D\u{111C9}]`,
  "gu",
);

const nonspacingMark = /*#__PURE__*/ new RegExp(String.raw`^(?![${newNonspacingMarks}])[\p{Mn}\u1734\u{1171E}]$`, "u");

export function isNonspacingMark(character: string): boolean {
  return nonspacingMark.test(character);
}

const mark = /*#__PURE__*/ new RegExp(String.raw`^(?![${newMarks}])[\p{M}\u1CF2\u1CF3]$`, "u");

export function isMark(character: string): boolean {
  return mark.test(character);
}

const control = /*#__PURE__*/ new RegExp(String.raw`^(?![\t\n\r${newControls}])[\0\uFFFD\p{Cc}\p{Cf}\p{Co}]$`, "u");

/** What BERT's normalizer leaves out: NUL, U+FFFD, control and format characters, and those for private use. */
export function isControl(character: string): boolean {
  return control.test(character);
}

/** A text as a pattern that matches it alone. */
export function escapedPattern(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}]/g, String.raw`\$&`);
}
