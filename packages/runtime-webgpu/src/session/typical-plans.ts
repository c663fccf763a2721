import { LongspanError } from "@longspan/core";
import type { Graph, GraphTensor } from "@longspan/core/graph";
import { gpuOperations } from "../fusion/index.ts";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { DeviceTensor } from "../kernel/kernel.ts";
import type { KernelTable } from "../kernel/operation-kernels.ts";
import { float16Parameters } from "../plan/float16-values.ts";
import type { GraphPlan } from "../plan/graph-plan.ts";
import { joinedParameters } from "../plan/joined-parameters.ts";
import { planGraph } from "../plan/plan-graph.ts";
import { evaluateHostPart, planKeyOf, splitGraph, type SplitGraph, type SplitOptions } from "../plan/split-graph.ts";
import { typicalRuns, type TypicalRunOptions } from "../plan/typical-runs.ts";
import { weightTensors } from "./load-weights.ts";

/** A graph made ready to be planned for any sizes. */
export interface PlannableGraph {
  readonly split: SplitGraph;
  /** With what it, and parts of it, were split. */
  readonly splitOptions: SplitOptions;
  /** How its weights lie in GPU memory. */
  readonly tensors: ReadonlyMap<string, DeviceTensor>;
}

/** `fused` is in `gpuOperations`; `storage` is how weights are kept. */
export function plannableGraph(fused: Graph, kernels: KernelTable, storage: "float32" | "float16", facts: DeviceFacts): PlannableGraph {
  const halves = storage === "float16";
  const splitOptions: SplitOptions = { halveActivations: halves && facts.kind === "gpu" };
  return {
    split: splitGraph(fused, kernels, splitOptions),
    splitOptions,
    tensors: weightTensors(fused, halves ? float16Parameters(fused, kernels) : new Set(), joinedParameters(fused, kernels)),
  };
}

/**
 * Plans of typical runs. What such a run cannot have (a graph that does not work with made-up inputs, lengths beyond the device) is left to
 * the run that needs it.
 */
export function* typicalPlans(
  { split, tensors: parameters }: PlannableGraph,
  facts: DeviceFacts,
  options: TypicalRunOptions = {},
): Generator<GraphPlan> {
  const seen = new Set<string>();
  for (const { inputs, dimensions } of typicalRuns(split.graph, options)) {
    let hostValues: ReadonlyMap<string, GraphTensor>;
    try {
      hostValues = evaluateHostPart(split, inputs, dimensions, gpuOperations);
    } catch {
      continue;
    }
    const key = planKeyOf(split, hostValues, dimensions);
    if (seen.has(key)) continue;
    seen.add(key);
    try {
      yield planGraph({ split, facts, parameters, dimensions, hostValues });
    } catch (error) {
      if (!LongspanError.isInstance(error) || error.code !== "device-limit") throw error;
    }
  }
}
