import type { TreeMap } from "@longspan/core/adapter";

/**
 * Arguments that the Longformer authors' training script has together and no other known script does
 * (allenai/longformer, scripts/triviaqa.py, `add_model_specific_args`).
 */
const signature: readonly string[] = ["max_question_len", "max_doc_len", "max_num_answers", "regular_softmax_loss"];

/** Whether these are the hyper-parameters of that script, training a Longformer (its `seq2seq` trains another model). */
export function isTriviaQaScript(attributes: TreeMap): boolean {
  return signature.every((key) => attributes.get(key) !== undefined) && attributes.get("seq2seq") !== true;
}

/**
 * That script feeds `<s> question </s> document </s>`: two separators, where Hugging Face's question answering asserts three.
 * Config keys of Longspan's own namespace.
 */
export const triviaQaConfiguration = { longspan: { questionAnsweringSeparators: 2 } } as const;
