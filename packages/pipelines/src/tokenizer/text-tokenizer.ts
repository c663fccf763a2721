/** The tokens of one text, without special tokens around it. All lists have one entry for each token. */
export interface TokenizedText {
  /** Token ids, without special tokens around them. */
  readonly ids: Int32Array;
  /** Where each token begins in the text, in UTF-16 units. */
  readonly starts: Int32Array;
  /** Where each token ends, in UTF-16 units. A token of a part of a character (byte-level BPE) covers the whole character. */
  readonly ends: Int32Array;
  /** The number of the word each token is part of; ascending. A word is what the tokenizer splits before it looks for tokens. */
  readonly words: Int32Array;
}

/** Ids of the tokens with a meaning of their own; undefined where a tokenizer has none. */
export interface SpecialTokens {
  /** `<s>` or `[CLS]`: before the first text. */
  readonly classification: number | undefined;
  /** `</s>` or `[SEP]`: after each text. */
  readonly separator: number | undefined;
  /** `<mask>` or `[MASK]`. */
  readonly mask: number | undefined;
  /** The mask takes the white space before it along, so that the words that fill it bring their own (RoBERTa). */
  readonly maskTakesSpace: boolean;
}

/**
 * What the pipelines need of a tokenizer. `loadTokenizer` makes one of Hugging Face's files; bring your own for anything else.
 * Plain data and pure functions.
 */
export interface TextTokenizer {
  /** For messages: where it came from. */
  readonly name: string;
  /** The largest token id it can give. */
  readonly maxId: number;
  /** Ids of `<s>`, `</s>`, padding, mask and the like. */
  readonly special: SpecialTokens;
  /** The token type of the second text of a pair: 1 for BERT's tokenizers, 0 for RoBERTa's. */
  readonly secondTypeId: 0 | 1;
  /** The most tokens of a text that it is made for (`model_max_length`), special tokens included; undefined where it does not say. */
  readonly maxTokens?: number | undefined;
  /** Special tokens that are spelled out in the text (`<mask>`) are found as such, as Hugging Face's tokenizers do. */
  encode(text: string): TokenizedText;
  /** The token as the vocabulary spells it, or undefined for an id it does not have. */
  tokenOf(id: number): string | undefined;
  /** The text of tokens. */
  decode(ids: readonly number[]): string;
}
