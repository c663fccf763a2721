import type { TokenizedText } from "../tokenizer/text-tokenizer.ts";

/** What answers are made of: a document's words, or its tokens. */
export interface AnswerUnits {
  readonly count: number;
  /** The unit that each token is in. */
  readonly unitOf: Int32Array;
  /** The first token of each unit, and after the last unit the number of tokens. */
  readonly firstTokens: Int32Array;
  /** Where a unit begins and ends in the document. */
  start(unit: number): number;
  end(unit: number): number;
}

export function answerUnits({ starts, ends, words, ids }: TokenizedText, alignToWords: boolean): AnswerUnits {
  const unitOf = new Int32Array(ids.length);
  const firsts: number[] = [];
  for (const token of ids.keys()) {
    if (token === 0 || !alignToWords || words[token] !== words[token - 1]) firsts.push(token);
    unitOf[token] = firsts.length - 1;
  }
  const firstTokens = Int32Array.from([...firsts, ids.length]);
  return {
    count: firsts.length,
    unitOf,
    firstTokens,
    start: (unit) => starts[firstTokens[unit] ?? 0] ?? 0,
    end: (unit) => ends[(firstTokens[unit + 1] ?? 0) - 1] ?? 0,
  };
}
