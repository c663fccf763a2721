import { type LongformerConfig, LongspanError } from "@longspan/core";
import { globalAttentionPolicy, separatorsKey } from "@longspan/core/runtime";
import { specialIds } from "../model/check-tokenizer.ts";
import { encodeText } from "../running/text-windows.ts";
import type { TokenRow } from "../running/token-row.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import { stridedWindows, windowRoom, type WindowOptions } from "../running/windows.ts";
import type { TextTokenizer, TokenizedText } from "../tokenizer/text-tokenizer.ts";
import type { QuestionAndContext } from "./types.ts";

/** A question over part of a document. */
export interface QuestionWindow {
  readonly row: TokenRow;
  /** Where the document's tokens stand in the row, and the first of them in the document. */
  readonly at: number;
  readonly first: number;
  readonly count: number;
}

export interface QuestionWindows {
  readonly context: string;
  /** The document's tokens. */
  readonly tokens: TokenizedText;
  readonly windows: readonly QuestionWindow[];
}

/** How questions and documents are joined. */
export interface JoinRule {
  readonly classification: number;
  readonly separator: number;
  /** Separators between question and document. */
  readonly between: 1 | 2;
  readonly secondTypeId: 0 | 1;
  /** Whether every token of the document sees the question, however far away it stands. */
  readonly questionIsGlobal: boolean;
}

/**
 * `<s> question </s></s> document </s>`, or with one separator less between, as the model's policy counts them.
 * @throws LongspanError `separators-mismatch` when the tokenizer has none, or another than the policy.
 */
export function joinRule(tokenizer: TextTokenizer, config: LongformerConfig): JoinRule {
  const { classification, separator } = specialIds(tokenizer);
  const policy = globalAttentionPolicy(config, "question-answering");
  const { secondTypeId } = tokenizer;
  // No token is global by itself: the pair as RoBERTa has it.
  if (policy.kind !== "separator") return { classification, separator, between: 2, secondTypeId, questionIsGlobal: false };
  if (policy.tokenId !== separator) {
    throw new LongspanError(
      "separators-mismatch",
      `The model finds its question by the separator ${policy.tokenId} (${policy.tokenKey}); that of ${tokenizer.name} is ${separator} (${JSON.stringify(tokenizer.tokenOf(separator) ?? "")}). Set ${policy.tokenKey} to ${separator} in the configuration (option config) if the model was trained so, or give its own tokenizer. How many separators there are is ${separatorsKey}.`,
      { details: { expected: policy.tokenId, found: separator, key: policy.tokenKey } },
    );
  }
  return { classification, separator, between: policy.count === 3 ? 2 : 1, secondTypeId, questionIsGlobal: true };
}

/**
 * Cuts a document into windows, each behind the whole question.
 * @throws LongspanError `inputs-invalid` for an empty question or document; `sequence-too-long` for a question that leaves no room;
 * `argument-invalid`.
 */
export function questionWindows(
  input: QuestionAndContext,
  tokenizer: TextTokenizer,
  rule: JoinRule,
  options: WindowOptions & { readonly maxTokens: number },
): QuestionWindows {
  // Of callers without a compiler: a text alone, or nothing.
  const { question, context } = Object(input) as QuestionAndContext;
  const asked = encodeText("question", question, tokenizer);
  const tokens = encodeText("context", context, tokenizer);
  const at = 1 + asked.ids.length + rule.between;
  const { room, overlap } = windowRoom(options, {
    besides: at + 1,
    maxTokens: options.maxTokens,
    // An answer of the default length is whole in one of two neighbouring windows.
    defaultStride: pipelineDefaults.questionAnswering.strideTokens,
    what: `The question of ${asked.ids.length} tokens, with ${rule.between + 2} special tokens,`,
  });
  const windows = stridedWindows(tokens.ids.length, room, overlap).map(({ start, end }): QuestionWindow => {
    const ids = new Int32Array(at + (end - start) + 1).fill(rule.separator);
    ids[0] = rule.classification;
    ids.set(asked.ids, 1);
    ids.set(tokens.ids.subarray(start, end), at);
    // Global is what stands before the first separator, as the policy says; counted here, so that a document may spell out separators.
    const globals = rule.questionIsGlobal ? 1 + asked.ids.length : 0;
    const row = { ids, globals, secondTypeFrom: rule.secondTypeId === 1 ? at : undefined };
    return { row, at, first: start, count: end - start };
  });
  return { context, tokens, windows };
}
