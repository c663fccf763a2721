/** One row of tokens as the model takes it, special tokens included. */
export interface TokenRow {
  /** Token ids, special ones included. */
  readonly ids: Int32Array;
  /** How many of the first tokens are global. */
  readonly globals: number;
  /** From which token on the type is 1; undefined where all are 0. */
  readonly secondTypeFrom: number | undefined;
  /** Of a graph with the input `mask_positions`: where the row's masks stand. */
  readonly maskPositions?: readonly number[] | undefined;
}
