import { type LongformerConfig, LongspanError } from "@longspan/core";
import type { TextTokenizer } from "../tokenizer/text-tokenizer.ts";

/** @throws LongspanError `id-out-of-range` for a tokenizer with ids that the model has no embedding for. */
export function checkTokenizer(tokenizer: TextTokenizer, config: LongformerConfig): void {
  const { classification = 0, separator = 0 } = tokenizer.special;
  const maxId = Math.max(tokenizer.maxId, classification, separator);
  if (maxId < config.vocabSize) return;
  throw new LongspanError(
    "id-out-of-range",
    `${tokenizer.name} has ids up to ${maxId} (${JSON.stringify(tokenizer.tokenOf(maxId) ?? "")}); the model's vocabulary ends at ${config.vocabSize - 1} (vocab_size ${config.vocabSize}). It is another model's tokenizer: give the one this model was trained with (option tokenizer).`,
    { details: { tokenizer: tokenizer.name, maxId, vocabSize: config.vocabSize } },
  );
}

/**
 * The ids before and between texts.
 * @throws LongspanError `separators-mismatch` naming the one the tokenizer lacks.
 */
export function specialIds(tokenizer: TextTokenizer): { readonly classification: number; readonly separator: number } {
  const { classification, separator } = tokenizer.special;
  if (classification !== undefined && separator !== undefined) return { classification, separator };
  const missing = separator === undefined ? "separator (sep_token, </s> or [SEP])" : "classification token (cls_token, <s> or [CLS])";
  throw new LongspanError(
    "separators-mismatch",
    `${tokenizer.name} has no ${missing}, which a Longformer's texts stand between. Name it in tokenizer_config.json, or give the model's own tokenizer (option tokenizer).`,
    { details: { tokenizer: tokenizer.name, special: tokenizer.special } },
  );
}
