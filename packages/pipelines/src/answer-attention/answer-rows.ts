export interface AttentionSizes {
  readonly heads: number;
  /** Tokens of the row. */
  readonly length: number;
  /** How many of its first tokens are global. */
  readonly globals: number;
  /** Both sides together. */
  readonly window: number;
}

/** Probabilities by who looks and what is looked at. */
export interface AttentionRows {
  /** Tokens `from` to `to` (not included) of the row follow the global ones in the last axis. */
  readonly from: number;
  readonly to: number;
  /** `[heads, who looks, globals + (to - from)]`. */
  readonly probabilities: Float32Array;
}

/**
 * The rows of tokens `first` to `last` (included) of `attentions` `[heads, length, globals + window + 1]`, whose columns are the global tokens
 * and then the tokens `i - window / 2` to `i + window / 2` of token i, brought onto the same columns for all of them.
 */
export function answerRows(attentions: Float32Array, sizes: AttentionSizes, first: number, last: number): AttentionRows {
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

/** `global_attentions` `[heads, length, globals]`, in which global tokens are the last axis, as rows of the global tokens over all others. */
export function globalRows(attentions: Float32Array, { heads, length, globals }: AttentionSizes): AttentionRows {
  const probabilities = new Float32Array(heads * globals * length);
  for (let head = 0; head < heads; head++) {
    for (let token = 0; token < length; token++) {
      const source = (head * length + token) * globals;
      for (let row = 0; row < globals; row++) probabilities[(head * globals + row) * length + token] = attentions[source + row] ?? 0;
    }
  }
  return { from: globals, to: length, probabilities };
}
