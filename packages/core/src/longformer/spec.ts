import type { LongformerConfig } from "./config.ts";
import { countLabels, headRecord, type AnyHead } from "./head-definition.ts";
import { embeddingParameter, linearParameters, normalizationParameters, type ParameterDraft } from "./parameter-draft.ts";

/** A parameter of a Longformer with one head: its canonical name and shape, and what it is there for. */
export interface ParameterSpec extends ParameterDraft {
  /** What it belongs to. */
  readonly part: "trunk" | "pooler" | "head";
  /** `required`: the head computes with it. `optional`: the model has a place for it. `unused`: files may hold it, this head does not use it. */
  readonly need: "required" | "optional" | "unused";
}

/** Every parameter of a Longformer with that configuration and head, in the order files are written. */
export interface LongformerSpec {
  /** The sizes it follows from. */
  readonly config: LongformerConfig;
  /** The head it follows from. */
  readonly head: AnyHead;
  /** How many labels the head tells apart; 0 for a head without labels. */
  readonly labels: number;
  /** All, in the order in which files are written. */
  readonly parameters: readonly ParameterSpec[];
  /** One by its canonical name; undefined where the model has none of that name. */
  parameter(name: string): ParameterSpec | undefined;
}

/**
 * Names and shapes as `transformers` 5.18 has them (models/longformer/modeling_longformer.py), without the `longformer.` prefix.
 * `labels` stands in where the configuration names none.
 */
export function createLongformerSpec(config: LongformerConfig, head: AnyHead, options: { readonly labels?: number } = {}): LongformerSpec {
  const { pooler: poolerNeed, parameters: headParameters } = headRecord(head);
  const labels = countLabels(head, config, options.labels);
  const parameters: ParameterSpec[] = [
    ...trunk(config).map((draft) => ({ ...draft, part: "trunk" as const, need: "required" as const })),
    ...linearParameters("pooler.dense", config.hiddenSize, config.hiddenSize).map((draft) => ({
      ...draft,
      part: "pooler" as const,
      need: poolerNeed,
    })),
    ...headParameters({ ...config, labels }).map((draft) => ({ ...draft, part: "head" as const, need: "required" as const })),
  ];
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  return { config, head, labels, parameters, parameter: (name) => byName.get(name) };
}

function trunk(config: LongformerConfig): ParameterDraft[] {
  const { hiddenSize: hidden } = config;
  const drafts: ParameterDraft[] = [
    embeddingParameter("embeddings.word_embeddings", config.vocabSize, hidden),
    embeddingParameter("embeddings.position_embeddings", config.maxPositions, hidden),
    embeddingParameter("embeddings.token_type_embeddings", config.typeVocabSize, hidden),
    ...normalizationParameters("embeddings.LayerNorm", hidden),
  ];
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `encoder.layer.${layer}`;
    for (const projection of ["query", "key", "value", "query_global", "key_global", "value_global"]) {
      drafts.push(...linearParameters(`${at}.attention.self.${projection}`, hidden, hidden));
    }
    drafts.push(
      ...linearParameters(`${at}.attention.output.dense`, hidden, hidden),
      ...normalizationParameters(`${at}.attention.output.LayerNorm`, hidden),
      ...linearParameters(`${at}.intermediate.dense`, config.intermediateSize, hidden),
      ...linearParameters(`${at}.output.dense`, hidden, config.intermediateSize),
      ...normalizationParameters(`${at}.output.LayerNorm`, hidden),
    );
  }
  return drafts;
}

/** Whether a canonical name (or pattern) belongs to the trunk, pooler included: what `Layout.trunkPrefix` stands before. */
export function isTrunkName(canonicalName: string): boolean {
  return /^(?:embeddings|encoder|pooler)\./.test(canonicalName);
}
