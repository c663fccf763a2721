/** A token of a word: its id, as the vocabulary spells it (or what it was made of, where the vocabulary lacks that), and its UTF-16 units in the word. */
export interface WordToken {
  readonly id: number;
  readonly token: string;
  readonly from: number;
  readonly to: number;
}

/** Tokens and their ids, and how words are made of them: WordPiece, BPE or Unigram. */
export interface TokenModel {
  /** How many tokens the vocabulary has: added tokens are numbered from here on. */
  readonly size: number;
  readonly maxId: number;
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
  tokensOf(word: string): readonly WordToken[];
}
