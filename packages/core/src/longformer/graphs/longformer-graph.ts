import { checkOptions, type OptionNames } from "../../arguments/check-options.ts";
import type { Graph } from "../../graph/graph.ts";
import { buildGraph, type GraphBuilder } from "../../graph/graph-builder.ts";
import type { Value } from "../../graph/value.ts";
import { checkParsedConfig } from "../check-parsed-config.ts";
import type { LongformerConfig } from "../config.ts";
import { LongspanError } from "../../errors/longspan-error.ts";
import type { Head } from "../head.ts";
import { countLabels, headName, headRecord, type AnyHead, type HeadDefinition } from "../head-definition.ts";
import { isTrunkName } from "../spec.ts";
import {
  maskedLanguageModelLogits,
  multipleChoiceLogits,
  poolerOutput,
  questionAnsweringLogits,
  sequenceClassificationLogits,
  tokenClassificationLogits,
} from "./heads.ts";
import type { WordInput } from "./longformer-inputs.ts";
import { longformerTrunk } from "./trunk.ts";

/** What a graph gives beside the head's outputs, and which layers it has. */
export interface LongformerGraphOptions {
  /** Adds the outputs `hidden_states.0` (the embeddings) to `hidden_states.L`, each `[batch, sequence, hidden]`. */
  readonly hiddenStates?: boolean | undefined;
  /** Adds `attentions.N` and `global_attentions.N` of each layer. Needs a runtime with `capabilities.attentionWeights`. */
  readonly attentions?: boolean | undefined;
  /** The first layers only. */
  readonly layers?: number | undefined;
  /** Default: `input_ids`. */
  readonly words?: WordInput | undefined;
  /** `model` only: without the pooler, for weights that have none. Default: with it. */
  readonly pooler?: boolean | undefined;
  /** Rows of a classifier where the configuration names no labels. Default 2. */
  readonly labels?: number | undefined;
}

const optionNames: OptionNames<LongformerGraphOptions> = {
  hiddenStates: true,
  attentions: true,
  layers: true,
  words: true,
  pooler: true,
  labels: true,
};

/**
 * A Longformer with a head as a graph. Inputs: see `longformerInputs` and `prepareInputs`. Outputs, under Hugging Face's names, float32:
 *
 * - model: `last_hidden_state` `[batch, sequence, hidden]`, `pooler_output` `[batch, hidden]`
 * - question-answering: `start_logits`, `end_logits`, each `[batch, sequence]`
 * - masked-lm: `logits` `[batch, sequence, vocabulary]`
 * - sequence-classification: `logits` `[batch, labels]`
 * - token-classification: `logits` `[batch, sequence, labels]`
 * - multiple-choice: `logits` `[batch, choices]`, from inputs `[batch, choices, sequence]`
 *
 * Its parameters are those that the head's specification requires, under canonical names.
 * @throws LongspanError `config-invalid`, `argument-invalid`.
 */
export function longformerGraph(config: LongformerConfig, head: AnyHead, options: LongformerGraphOptions = {}): Graph {
  checkParsedConfig(config);
  checkOptions(options, optionNames, "longformerGraph");
  return buildGraph(`longformer ${headName(head)}`, (builder) => {
    const trunk = longformerTrunk(builder, config, { ...options, choices: headRecord(head).choices });
    for (const [name, value] of Object.entries(outputsOf(head)(builder, config, trunk.lastHiddenState, options)))
      builder.output(name, value);
    if (options.hiddenStates === true)
      for (const [layer, value] of trunk.hiddenStates.entries()) builder.output(`hidden_states.${layer}`, value);
    for (const [layer, value] of trunk.attentions.entries()) builder.output(`attentions.${layer}`, value);
    for (const [layer, value] of trunk.globalAttentions.entries()) builder.output(`global_attentions.${layer}`, value);
  });
}

function outputsOf(head: AnyHead): HeadOutputs {
  return typeof head === "string"
    ? headOutputs[head]
    : (builder, config, hidden, options) => ownOutputs(head, builder, config, hidden, options);
}

/** @throws LongspanError `graph-invalid` for a graph without outputs, and for a parameter that the head's graph takes and its list does not have in that shape. */
function ownOutputs(
  head: HeadDefinition,
  builder: GraphBuilder,
  config: LongformerConfig,
  hidden: Value,
  options: LongformerGraphOptions,
): Readonly<Record<string, Value>> {
  const labels = countLabels(head, config, options.labels);
  const pooled = head.pooler === "required" ? poolerOutput(builder, config, hidden) : undefined;
  const outputs = builder.scope(head.name, () => head.graph(builder, hidden, { config, labels, pooled }));
  if (typeof outputs !== "object" || outputs === null || Object.keys(outputs).length === 0)
    throw new LongspanError(
      "graph-invalid",
      `The graph of the head "${head.name}" gives no outputs. It returns them by name, such as { logits: linearLayer(builder, hidden, "spans", labels) }.`,
      { details: { head: head.name } },
    );
  const listed = new Map(head.parameters({ ...config, labels }).map(({ name, shape }) => [name, shape]));
  for (const { name, shape } of builder.draft().parameters) {
    if (isTrunkName(name) || String(listed.get(name)) === String(shape)) continue;
    const found = listed.get(name);
    throw new LongspanError(
      "graph-invalid",
      `The graph of the head "${head.name}" takes a parameter "${name}" [${shape.join(", ")}], which its parameters ${found === undefined ? "do not list" : `list as [${found.join(", ")}]`}.`,
      { details: { head: head.name, parameter: name } },
    );
  }
  return outputs;
}

type HeadOutputs = (
  builder: GraphBuilder,
  config: LongformerConfig,
  hidden: Value,
  options: LongformerGraphOptions,
) => Readonly<Record<string, Value>>;

const headOutputs: Readonly<Record<Head, HeadOutputs>> = {
  model: (builder, config, hidden, options) => ({
    last_hidden_state: hidden,
    ...(options.pooler === false ? {} : { pooler_output: poolerOutput(builder, config, hidden) }),
  }),
  "question-answering": (builder, config, hidden) => {
    const { start, end } = questionAnsweringLogits(builder, config, hidden);
    return { start_logits: start, end_logits: end };
  },
  "masked-lm": (builder, config, hidden) => ({ logits: maskedLanguageModelLogits(builder, config, hidden) }),
  "sequence-classification": (builder, config, hidden, options) => ({
    logits: sequenceClassificationLogits(builder, config, hidden, options),
  }),
  "token-classification": (builder, config, hidden, options) => ({ logits: tokenClassificationLogits(builder, config, hidden, options) }),
  "multiple-choice": (builder, config, hidden) => ({ logits: multipleChoiceLogits(builder, poolerOutput(builder, config, hidden)) }),
};
