import { checkName } from "../arguments/check-name.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";
import type { LongformerConfig } from "./config.ts";

/** Which tokens are global when the caller does not say. */
export type GlobalAttentionPolicy =
  | { readonly kind: "none" }
  /** Token 0. */
  | { readonly kind: "first-token" }
  | SeparatorPolicy;

/** Tokens on one side of a separator are global. */
export interface SeparatorPolicy {
  /** Tells it from the other policies. */
  readonly kind: "separator";
  /** `before`: the tokens before a row's first separator; `after`: those more than one behind it. */
  readonly side: "before" | "after";
  /** The separator's token id, and the configuration's key it comes from. */
  readonly tokenId: number;
  /** The key of config.json that the id comes from. */
  readonly tokenKey: "sep_token_id" | "eos_token_id";
  /** How many separators each row must have. */
  readonly count: 2 | 3;
}

/** The configuration's key for question answering: `{ "longspan": { "questionAnsweringSeparators": 2 } }`. */
export const separatorsKey = "longspan.questionAnsweringSeparators";

/** The configuration's key for models that take no token as global by themselves: `{ "longspan": { "globalAttention": "none" } }`. */
export const globalAttentionKey = "longspan.globalAttention";

/** Whether the configuration says that no head takes tokens as global. @throws LongspanError `config-invalid` for another value than "none" and "head". */
export function attendsLocally(config: LongformerConfig): boolean {
  const own = config.source.longspan;
  const found: unknown = typeof own === "object" && own !== null && "globalAttention" in own ? own.globalAttention : undefined;
  if (found === undefined || found === "head") return false;
  if (found === "none") return true;
  throw new LongspanError(
    "config-invalid",
    `The configuration says ${globalAttentionKey} ${shownValue(found)}; expected "none" (only the tokens that the caller names are global) or "head" (the head's own, when it is not said).`,
    { details: { key: globalAttentionKey, found } },
  );
}

/** Around three separators in a row, `<s> question </s></s> document </s>` (transformers, `_compute_global_attention_mask`). */
export function separatorGlobals(config: LongformerConfig, side: SeparatorPolicy["side"]): SeparatorPolicy {
  return { kind: "separator", tokenId: config.sepTokenId, tokenKey: "sep_token_id", count: 3, side };
}

/**
 * Everything before the first separator, that is `<s>` and the question: of three separators; or, where the configuration says so, of two,
 * `<s> question </s> document </s>`, counted by `eos_token_id` (allenai/longformer, scripts/triviaqa.py).
 * @throws LongspanError `config-invalid` for another number of separators.
 */
export function questionAnsweringGlobals(config: LongformerConfig): SeparatorPolicy {
  const globals = separatorGlobals(config, "before");
  if (questionAnsweringSeparators(config) === 3) return globals;
  return { ...globals, tokenId: config.eosTokenId, tokenKey: "eos_token_id", count: 2 };
}

function questionAnsweringSeparators(config: LongformerConfig): 2 | 3 {
  const own = config.source.longspan;
  const found: unknown =
    typeof own === "object" && own !== null && "questionAnsweringSeparators" in own ? own.questionAnsweringSeparators : undefined;
  if (found === undefined || found === 3) return 3;
  if (found === 2) return 2;
  throw new LongspanError(
    "config-invalid",
    `The configuration says ${separatorsKey} ${shownValue(found)}; expected 2 (allenai's TriviaQA models) or 3 (Hugging Face's, when it is not said).`,
    {
      details: { key: separatorsKey, found },
    },
  );
}

/** @throws LongspanError `argument-invalid` for a policy that is none, as a head of one's own may give it. */
export function checkGlobalAttentionPolicy(policy: GlobalAttentionPolicy): void {
  const { kind, side, tokenId, count }: Partial<SeparatorPolicy> = Object(policy);
  checkName("kind of global attention", kind, ["none", "first-token", "separator"]);
  if (kind !== "separator") return;
  checkName("side of a separator", side, ["before", "after"]);
  if (Number.isSafeInteger(tokenId) && (count === 2 || count === 3)) return;
  throw new LongspanError(
    "argument-invalid",
    `Global tokens by separators need a tokenId, an integer, and a count, 2 or 3; they were given as ${shownValue(policy)}.`,
  );
}

/**
 * The global attention mask of token ids `[rows, sequence]`: 1 for global tokens.
 * @throws LongspanError `separators-mismatch` naming the row; `argument-invalid` for a policy that is none.
 */
export function applyGlobalAttentionPolicy(policy: GlobalAttentionPolicy, ids: Int32Array, sequence: number): Int32Array {
  checkGlobalAttentionPolicy(policy);
  const mask = new Int32Array(ids.length);
  for (let start = 0; start < ids.length; start += sequence) {
    if (policy.kind === "first-token") mask[start] = 1;
    if (policy.kind !== "separator") continue;
    const first = firstSeparator(policy, ids.subarray(start, start + sequence), start / sequence);
    if (policy.side === "before") mask.fill(1, start, start + first);
    else mask.fill(1, Math.min(start + sequence, start + first + 2), start + sequence);
  }
  return mask;
}

function firstSeparator({ tokenId, tokenKey, count, side }: SeparatorPolicy, row: Int32Array, rowNumber: number): number {
  const found = row.reduce((sum, id) => sum + Number(id === tokenId), 0);
  if (found === count) return row.indexOf(tokenId);
  const shape =
    side === "after" ? "" : count === 3 ? ", as in <s> question </s></s> document </s>" : ", as in <s> question </s> document </s>";
  const other = count === 3 ? 2 : 3;
  const way =
    side === "before" && found === other
      ? `If the model was trained on rows with ${other}, set ${separatorsKey} to ${other} in its config.json; or give global_attention_mask yourself.`
      : "Give global_attention_mask yourself, or inputs of that form.";
  throw new LongspanError(
    "separators-mismatch",
    `Row ${rowNumber} of input_ids has ${found} separators (${tokenKey} ${tokenId}); this head takes its global tokens from exactly ${count}${shape}. ${way}`,
    { details: { row: rowNumber, found, expected: count, tokenId } },
  );
}
