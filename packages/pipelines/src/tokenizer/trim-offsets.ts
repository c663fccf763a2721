import { isSpace } from "./characters.ts";

/**
 * Leaves the spaces that tokens begin and end with out of their places in a text, as Hugging Face does where a tokenizer says `trim_offsets`
 * (tokenizers/pre_tokenizers/byte_level.rs, process_offsets), with its exception for the space that `add_prefix_space` adds. It counts characters,
 * whether they are spaces in the text or not. In place.
 */
export function trimOffsets(text: string, tokens: readonly string[], starts: Int32Array, ends: Int32Array, addsPrefixSpace: boolean): void {
  for (const [index, token] of tokens.entries()) {
    const start = starts[index] ?? 0;
    const end = ends[index] ?? 0;
    const leading = leadingSpaces(token);
    const trailing = trailingSpaces(token);
    if (leading === 0 && trailing === 0) continue;
    const isAdded = addsPrefixSpace && leading === 1 && (index === 0 || start === 0);
    const trimmed = Math.min(characterAfter(text, start, isAdded ? 0 : leading), end);
    starts[index] = trimmed;
    if (trailing > 0 && end >= trailing) ends[index] = Math.max(characterBefore(text, end, trailing), trimmed);
  }
}

function leadingSpaces(token: string): number {
  let count = 0;
  while (count < token.length && isTokenSpace(token[count])) count++;
  return count;
}

/** Counted from the end: a pattern would begin at each space of a token anew. */
function trailingSpaces(token: string): number {
  let count = 0;
  while (count < token.length && isTokenSpace(token[token.length - 1 - count])) count++;
  return count;
}

/** Byte-level tokens write a space as U+0120; added tokens have it as it is. No space has more than one UTF-16 unit. */
function isTokenSpace(character: string | undefined): boolean {
  return character === "\u0120" || isSpace(character);
}

function characterAfter(text: string, from: number, count: number): number {
  let at = from;
  for (let passed = 0; passed < count; passed++) at += (text.codePointAt(at) ?? 0) > 0xff_ff ? 2 : 1;
  return at;
}

function characterBefore(text: string, from: number, count: number): number {
  let at = from;
  for (let passed = 0; passed < count; passed++) at -= (text.codePointAt(at - 2) ?? 0) > 0xff_ff ? 2 : 1;
  return at;
}
