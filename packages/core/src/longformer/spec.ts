import type { LongformerConfig } from "./config.ts";
import type { Head } from "./head.ts";

export interface ParameterSpec {
  /** The canonical name. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly part: "trunk" | "pooler" | "head";
  /** `linear` weights are `[out, in]`: the ones a layout may transpose. */
  readonly role: "embedding" | "linear" | "bias" | "normalization";
  /** `required`: the head computes with it. `optional`: the model has a place for it. `unused`: files may hold it, this head does not use it. */
  readonly need: "required" | "optional" | "unused";
}

/** Every parameter of a Longformer with that configuration and head, in the order files are written. */
export interface LongformerSpec {
  readonly config: LongformerConfig;
  readonly head: Head;
  readonly parameters: readonly ParameterSpec[];
  parameter(name: string): ParameterSpec | undefined;
}

type Draft = Omit<ParameterSpec, "part" | "need">;

/** The label count a classifier has when its configuration says none, as in transformers. */
const defaultLabels = 2;

/**
 * Names and shapes as `transformers` 5.18 has them (models/longformer/modeling_longformer.py), without the `longformer.` prefix.
 * `labels` stands in where the configuration names none.
 */
export function createLongformerSpec(config: LongformerConfig, head: Head, options: { readonly labels?: number } = {}): LongformerSpec {
  const labels = config.labels ?? options.labels ?? defaultLabels;
  const parameters: ParameterSpec[] = [
    ...trunk(config).map((draft) => ({ ...draft, part: "trunk" as const, need: "required" as const })),
    ...linear("pooler.dense", config.hiddenSize, config.hiddenSize).map((draft) => ({
      ...draft,
      part: "pooler" as const,
      need: poolerNeed(head),
    })),
    ...headParameters(config, head, labels).map((draft) => ({ ...draft, part: "head" as const, need: "required" as const })),
  ];
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  return { config, head, parameters, parameter: (name) => byName.get(name) };
}

function poolerNeed(head: Head): ParameterSpec["need"] {
  if (head === "multiple-choice") return "required";
  return head === "model" ? "optional" : "unused";
}

function trunk(config: LongformerConfig): Draft[] {
  const { hiddenSize: hidden } = config;
  const drafts: Draft[] = [
    embedding("embeddings.word_embeddings", config.vocabSize, hidden),
    embedding("embeddings.position_embeddings", config.maxPositions, hidden),
    embedding("embeddings.token_type_embeddings", config.typeVocabSize, hidden),
    ...normalization("embeddings.LayerNorm", hidden),
  ];
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `encoder.layer.${layer}`;
    for (const projection of ["query", "key", "value", "query_global", "key_global", "value_global"]) {
      drafts.push(...linear(`${at}.attention.self.${projection}`, hidden, hidden));
    }
    drafts.push(
      ...linear(`${at}.attention.output.dense`, hidden, hidden),
      ...normalization(`${at}.attention.output.LayerNorm`, hidden),
      ...linear(`${at}.intermediate.dense`, config.intermediateSize, hidden),
      ...linear(`${at}.output.dense`, hidden, config.intermediateSize),
      ...normalization(`${at}.output.LayerNorm`, hidden),
    );
  }
  return drafts;
}

function headParameters({ hiddenSize: hidden, vocabSize, tieWordEmbeddings }: LongformerConfig, head: Head, labels: number): Draft[] {
  const drafts: Readonly<Record<Head, () => Draft[]>> = {
    model: () => [],
    "question-answering": () => linear("qa_outputs", labels, hidden),
    "masked-lm": () => [
      ...linear("lm_head.dense", hidden, hidden),
      ...normalization("lm_head.layer_norm", hidden),
      { name: "lm_head.bias", shape: [vocabSize], role: "bias" },
      ...(tieWordEmbeddings ? [] : linear("lm_head.decoder", vocabSize, hidden)),
    ],
    "sequence-classification": () => [...linear("classifier.dense", hidden, hidden), ...linear("classifier.out_proj", labels, hidden)],
    "token-classification": () => linear("classifier", labels, hidden),
    "multiple-choice": () => linear("classifier", 1, hidden),
  };
  return drafts[head]();
}

function embedding(name: string, rows: number, hidden: number): Draft {
  return { name: `${name}.weight`, shape: [rows, hidden], role: "embedding" };
}

function linear(name: string, outputs: number, inputs: number): Draft[] {
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], role: "linear" },
    { name: `${name}.bias`, shape: [outputs], role: "bias" },
  ];
}

function normalization(name: string, size: number): Draft[] {
  return [
    { name: `${name}.weight`, shape: [size], role: "normalization" },
    { name: `${name}.bias`, shape: [size], role: "normalization" },
  ];
}

/** Whether a canonical name (or pattern) belongs to the trunk, pooler included: what `Layout.trunkPrefix` stands before. */
export function isTrunkName(canonicalName: string): boolean {
  return /^(?:embeddings|encoder|pooler)\./.test(canonicalName);
}
