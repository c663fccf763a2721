import type { TextTokenizer } from "../tokenizer/text-tokenizer.ts";

/** A mask in a text: its token, and where it is. */
export interface PlacedMask {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/**
 * A text with a token in a mask's place. Where the mask takes the space before it along, the token brings its own: as it is written behind another
 * one, as some decoders leave out the space that begins a text.
 */
export function fillIn(tokenizer: TextTokenizer, text: string, mask: PlacedMask, id: number): string {
  const behind = text.slice(mask.end);
  if (!tokenizer.special.maskTakesSpace) return text.slice(0, mask.start) + tokenizer.decode([id]) + behind;
  const word = tokenizer.decode([mask.id, id]).slice(tokenizer.decode([mask.id]).length);
  return text.slice(0, mask.start).trimEnd() + word + behind;
}
