import { longformerClassName } from "./class-names.ts";
import type { LongformerConfig } from "./config.ts";
import { questionAnsweringGlobals, separatorGlobals, type GlobalAttentionPolicy } from "./global-attention-policy.ts";
import { linearParameters, normalizationParameters, type ParameterDraft } from "./parameter-draft.ts";

/** What the shapes of a head's parameters follow from. */
export type HeadSizes = Pick<LongformerConfig, "hiddenSize" | "vocabSize" | "tieWordEmbeddings"> & { readonly labels: number };

/** All there is to know of a head but its graph (`graphs/longformer-graph.ts`). Everything else about heads is derived from these records. */
export interface HeadRecord {
  /** Hugging Face's class name, as `architectures` in config.json says it. */
  readonly architecture: string;
  /** The first segment of its parameters' canonical names; undefined for a head without parameters. */
  readonly segment: string | undefined;
  /** Its parameters, in the order files are written. Which there are depends on `tieWordEmbeddings` alone. */
  readonly parameters: (sizes: HeadSizes) => readonly ParameterDraft[];
  /** The canonical name of the classifier, a linear layer with a row for each score; undefined for a head that has none. */
  readonly lastLayer: string | undefined;
  /** What it computes, for people who must tell heads with the same names apart. */
  readonly computes: string;
  /** How many rows the last layer always has; undefined where that is the number of labels, or there is none. */
  readonly rows: number | undefined;
  /** How many labels the last layer has where nothing says it, as in transformers; 0 for a head whose scores are not of labels. */
  readonly defaultLabels: number;
  /** `required`: the head computes with it. `optional`: the model has a place for it. `unused`: files may hold it, this head does not use it. */
  readonly pooler: "required" | "optional" | "unused";
  /** Whether inputs are `[batch, choices, sequence]`, as in Hugging Face's multiple choice. Else they are `[batch, sequence]`. */
  readonly choices: boolean;
  /** Which tokens are global when the caller does not say. @throws LongspanError `config-invalid`. */
  readonly globalAttention: (config: LongformerConfig) => GlobalAttentionPolicy;
}

/** What stands on the trunk. `model` is the bare trunk with its pooler. A name without a record does not compile. */
export type Head = "model" | "question-answering" | "masked-lm" | "sequence-classification" | "token-classification" | "multiple-choice";

/** Names, shapes and policies as `transformers` 5.18 has them (models/longformer/modeling_longformer.py), without the `longformer.` prefix. */
const records: Readonly<Record<Head, HeadRecord>> = {
  model: {
    architecture: "LongformerModel",
    segment: undefined,
    parameters: (): readonly ParameterDraft[] => [],
    lastLayer: undefined,
    computes: "nothing: it is the trunk alone",
    rows: undefined,
    defaultLabels: 0,
    pooler: "optional",
    choices: false,
    globalAttention: (): GlobalAttentionPolicy => ({ kind: "none" }),
  },
  "question-answering": {
    architecture: "LongformerForQuestionAnswering",
    segment: "qa_outputs",
    parameters: ({ labels, hiddenSize }: HeadSizes): readonly ParameterDraft[] => linearParameters("qa_outputs", labels, hiddenSize),
    lastLayer: "qa_outputs",
    computes: "a linear layer of two rows on every token, for where an answer starts and ends",
    rows: 2,
    defaultLabels: 2,
    pooler: "unused",
    choices: false,
    globalAttention: (config: LongformerConfig): GlobalAttentionPolicy => questionAnsweringGlobals(config),
  },
  "masked-lm": {
    architecture: "LongformerForMaskedLM",
    segment: "lm_head",
    parameters: ({ hiddenSize, vocabSize, tieWordEmbeddings }: HeadSizes): readonly ParameterDraft[] => [
      ...linearParameters("lm_head.dense", hiddenSize, hiddenSize),
      ...normalizationParameters("lm_head.layer_norm", hiddenSize),
      { name: "lm_head.bias", shape: [vocabSize], role: "bias" },
      ...(tieWordEmbeddings ? [] : linearParameters("lm_head.decoder", vocabSize, hiddenSize)),
    ],
    lastLayer: undefined,
    computes: "a linear layer, an activation, a normalization and the word embeddings on every token, for which word it is",
    rows: undefined,
    defaultLabels: 0,
    pooler: "unused",
    choices: false,
    globalAttention: (): GlobalAttentionPolicy => ({ kind: "none" }),
  },
  "sequence-classification": {
    architecture: "LongformerForSequenceClassification",
    segment: "classifier",
    parameters: ({ labels, hiddenSize }: HeadSizes): readonly ParameterDraft[] => [
      ...linearParameters("classifier.dense", hiddenSize, hiddenSize),
      ...linearParameters("classifier.out_proj", labels, hiddenSize),
    ],
    lastLayer: "classifier.out_proj",
    computes: "two linear layers with tanh between them on the first token, for labels of the text",
    rows: undefined,
    defaultLabels: 2,
    pooler: "unused",
    choices: false,
    globalAttention: (): GlobalAttentionPolicy => ({ kind: "first-token" }),
  },
  "token-classification": {
    architecture: "LongformerForTokenClassification",
    segment: "classifier",
    parameters: ({ labels, hiddenSize }: HeadSizes): readonly ParameterDraft[] => linearParameters("classifier", labels, hiddenSize),
    lastLayer: "classifier",
    computes: "one linear layer on every token, for labels of tokens",
    rows: undefined,
    defaultLabels: 2,
    pooler: "unused",
    choices: false,
    globalAttention: (): GlobalAttentionPolicy => ({ kind: "none" }),
  },
  "multiple-choice": {
    architecture: "LongformerForMultipleChoice",
    segment: "classifier",
    parameters: ({ hiddenSize }: HeadSizes): readonly ParameterDraft[] => linearParameters("classifier", 1, hiddenSize),
    lastLayer: "classifier",
    computes: "a linear layer of one row on the pooled first token, for which choice is right",
    rows: 1,
    defaultLabels: 0,
    pooler: "required",
    choices: true,
    globalAttention: (config: LongformerConfig): GlobalAttentionPolicy => separatorGlobals(config, "after"),
  },
};

/** What is known of each head, by its name. */
export const headRecords: Readonly<Record<Head, HeadRecord>> = records;

/** All heads, by name. */
export const heads: readonly Head[] = /*#__PURE__*/ Object.keys(records) as Head[];

const segments: ReadonlySet<string | undefined> = /*#__PURE__*/ new Set(/*#__PURE__*/ heads.map((head) => headRecords[head].segment));

/** Whether a text is the name of a head. */
export function isHead(name: string): name is Head {
  return Object.hasOwn(records, name);
}

/** The head that a class of transformers is, Longformer's or of RoBERTa's kind. */
export function headOfArchitecture(architecture: string): Head | undefined {
  const name = longformerClassName(architecture);
  return heads.find((head) => headRecords[head].architecture === name);
}

/** Whether a canonical name is one of a head's, whichever head that is. */
export function isHeadName(canonicalName: string): boolean {
  return segments.has(canonicalName.split(".")[0]);
}

/** Every parameter that some head has, each once, with sizes of 1: names and roles, for the rules of layouts. */
export function headParameters(): readonly ParameterDraft[] {
  // With untied word embeddings there are the most.
  const sizes: HeadSizes = { hiddenSize: 1, vocabSize: 1, labels: 1, tieWordEmbeddings: false };
  const all = heads.flatMap((head) => headRecords[head].parameters(sizes));
  return [...new Map(all.map((parameter) => [parameter.name, parameter])).values()];
}
