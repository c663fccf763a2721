import { checkCheckpoint } from "../arguments/check-checkpoint.ts";
import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { Graph } from "../graph/graph.ts";
import type { Weights } from "../tensor/weights.ts";
import type { LongformerConfig } from "../longformer/config.ts";
import type { AnyHead } from "../longformer/head-definition.ts";
import { longformerGraph, type LongformerGraphOptions } from "../longformer/graphs/longformer-graph.ts";

/** What the graph of a checkpoint gives beside the head's outputs. */
export type CheckpointModelOptions = Pick<LongformerGraphOptions, "attentions" | "hiddenStates" | "words">;

const optionNames: OptionNames<CheckpointModelOptions> = { attentions: true, hiddenStates: true, words: true };

/** Everything `Runtime.prepare` and `prepareInputs` take. */
export interface CheckpointModel {
  /** The head's graph, with outputs named as Hugging Face names them. */
  readonly graph: Graph;
  /** The parameters that the graph needs, lazy, by canonical names. */
  readonly weights: Weights;
  /** For `prepareInputs`. */
  readonly config: LongformerConfig;
  /** For `prepareInputs`. */
  readonly head: AnyHead;
}

/**
 * The model that a checkpoint holds, as a graph with its weights: with as many labels as its classifier has, and with the pooler only if
 * the bare model has one.
 * @throws LongspanError what `Checkpoint.weights` and `longformerGraph` throw.
 */
export function checkpointModel(checkpoint: Checkpoint, options: CheckpointModelOptions = {}): CheckpointModel {
  checkCheckpoint(checkpoint, "The checkpoint of a model");
  checkOptions(options, optionNames, "checkpointModel");
  const weights = checkpoint.weights();
  const { config, head, spec } = checkpoint;
  if (config === null || head === null || spec === null)
    throw new LongspanError("not-a-longformer", `${checkpoint.name} is no Longformer checkpoint.`);
  const graph = longformerGraph(config, head, {
    ...options,
    labels: spec.labels,
    pooler: weights.has("pooler.dense.weight"),
  });
  return { graph, weights, config, head };
}
