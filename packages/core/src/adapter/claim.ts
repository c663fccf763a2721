/** A detector's answer: "this is mine, and this is how sure I can be". The most specific claim wins; a tie is an error. */
export interface Claim {
  /** 1 (the bytes allow it) to 100 (a magic number and the structure behind it agree). */
  readonly specificity: number;
  /** What was seen, for the message when claims tie. */
  readonly evidence: string;
}
