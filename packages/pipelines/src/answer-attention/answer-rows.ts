export interface AttentionSizes {
  readonly heads: number;
  /** Tokens of the row. */
  readonly length: number;
  /** How many of its first tokens are global. */
  readonly globals: number;
  /** Both sides together. */
  readonly window: number;
}

export interface AnswerRows {
  /** Tokens `from` to `to` (not included) of the row are those around the answer. */
  readonly from: number;
  readonly to: number;
  /** `[heads, answer, globals + (to - from)]`. */
  readonly probabilities: Float32Array;
}

/**
 * The rows of tokens `first` to `last` (included) of `attentions` `[heads, length, globals + window + 1]`, whose columns are the global tokens
 * and then the tokens `i - window / 2` to `i + window / 2` of token i, brought onto the same columns for all of them.
 */
export function answerRows(attentions: Float32Array, sizes: AttentionSizes, first: number, last: number): AnswerRows {
  const { heads, length, globals, window } = sizes;
  const side = window / 2;
  const from = Math.max(0, first - side);
  const to = Math.min(length, last + side + 1);
  const answer = last - first + 1;
  const columns = globals + (to - from);
  const probabilities = new Float32Array(heads * answer * columns);
  for (let head = 0; head < heads; head++) {
    for (let token = first; token <= last; token++) {
      const source = (head * length + token) * (globals + window + 1);
      const target = (head * answer + (token - first)) * columns;
      probabilities.set(attentions.subarray(source, source + globals), target);
      const [start, end] = [Math.max(0, token - side), Math.min(length, token + side + 1)];
      const column = globals + start - (token - side);
      probabilities.set(attentions.subarray(source + column, source + column + (end - start)), target + globals + (start - from));
    }
  }
  return { from, to, probabilities };
}
