import { LongspanError } from "@longspan/core";
import { specialIds } from "../model/check-tokenizer.ts";
import type { TextTokenizer, TokenizedText } from "../tokenizer/text-tokenizer.ts";
import type { TokenRow } from "./token-row.ts";
import { stridedWindows, windowRoom, type Window, type WindowOptions } from "./windows.ts";

/** A text's tokens. @throws LongspanError `inputs-invalid` for an empty text, or one of which the tokenizer knows no character. */
export function encodeText(name: string, text: unknown, tokenizer: TextTokenizer): TokenizedText {
  if (typeof text !== "string" || text.trim() === "") {
    const found =
      typeof text === "string" ? "is empty" : text === undefined ? "is missing" : `is no text but ${text === null ? "null" : typeof text}`;
    throw new LongspanError("inputs-invalid", `The ${name} ${found}; give a text with at least one word.`, { details: { input: name } });
  }
  const tokens = tokenizer.encode(text);
  if (tokens.ids.length > 0) return tokens;
  throw new LongspanError("inputs-invalid", `The ${name} has no character that ${tokenizer.name} knows.`, { details: { input: name } });
}

/** `<s> tokens </s>` for part of a text. */
export function textRow(tokenizer: TextTokenizer, tokens: TokenizedText, { start, end }: Window, globals: number): TokenRow {
  const { classification, separator } = specialIds(tokenizer);
  const ids = new Int32Array(end - start + 2).fill(separator);
  ids[0] = classification;
  ids.set(tokens.ids.subarray(start, end), 1);
  return { ids, globals, secondTypeFrom: undefined };
}

/** Windows over a text, in tokens of it. @throws LongspanError `argument-invalid`, `sequence-too-long`. */
export function textWindows(
  tokens: TokenizedText,
  options: WindowOptions,
  { maxTokens, defaultStride }: { readonly maxTokens: number; readonly defaultStride: number },
): readonly Window[] {
  const { room, overlap } = windowRoom(options, { besides: 2, maxTokens, defaultStride, what: "Its special tokens" });
  return stridedWindows(tokens.ids.length, room, overlap);
}
