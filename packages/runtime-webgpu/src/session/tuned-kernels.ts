import type { Graph } from "@longspan/core/graph";
import type { LiveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import type { KernelTable } from "../kernel/operation-kernels.ts";
import { chooseAttention } from "../kernels/attention/attention-tuning.ts";
import type { MakeKernelTable } from "../kernels/index.ts";
import { chooseTiling } from "../kernels/linear/linear-tuning.ts";
import { measuredTuning, type MeasuredTuningOptions } from "../tuning/measured-tuning.ts";
import { neededAttention } from "../tuning/needed-attention.ts";
import { neededProducts } from "../tuning/needed-products.ts";
import { plannableGraph, typicalPlans } from "./typical-plans.ts";

/**
 * Kernels with the tilings that are fastest on the device for what typical runs of a graph compute: from what was kept, and from measurements
 * of at most half a second.
 * @throws LongspanError `aborted`, `device-lost`.
 */
export async function tunedKernels(
  live: LiveDevice,
  fused: Graph,
  makeTable: MakeKernelTable,
  storage: "float32" | "float16",
  store: TuningStore,
  options: MeasuredTuningOptions = {},
): Promise<KernelTable> {
  const [products, attention] = [neededProducts(), neededAttention()];
  const graph = plannableGraph(fused, makeTable({ products: products.choose, attention: attention.choose }), storage, live.facts);
  // Planning is what notes them.
  for (const _ of typicalPlans(graph, live.facts));
  const tuning = await measuredTuning(live, store, { linear: products.shapes(), attention: attention.parts() }, options);
  return makeTable({ products: chooseTiling(tuning.linear), attention: chooseAttention(tuning.attention) });
}
