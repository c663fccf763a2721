/** What stands on the trunk. `model` is the bare trunk with its pooler. */
export type Head = "model" | "question-answering" | "masked-lm" | "sequence-classification" | "token-classification" | "multiple-choice";

/** Hugging Face's class name for each head, as `architectures` in config.json says it. */
export const architectures: Readonly<Record<Head, string>> = {
  model: "LongformerModel",
  "question-answering": "LongformerForQuestionAnswering",
  "masked-lm": "LongformerForMaskedLM",
  "sequence-classification": "LongformerForSequenceClassification",
  "token-classification": "LongformerForTokenClassification",
  "multiple-choice": "LongformerForMultipleChoice",
};

export const heads: readonly Head[] = Object.keys(architectures) as Head[];

export function isHead(name: string): name is Head {
  return Object.hasOwn(architectures, name);
}

export function headOfArchitecture(architecture: string): Head | undefined {
  return heads.find((head) => architectures[head] === architecture);
}
