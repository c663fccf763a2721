import type { Graph } from "@longspan/core/graph";
import type { LiveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import type { KernelTable } from "../kernel/operation-kernels.ts";
import type { MakeKernelTable } from "../kernels/index.ts";
import { chooseTiling } from "../kernels/linear/linear-tuning.ts";
import { measuredTuning, type MeasuredTuningOptions } from "../tuning/measured-tuning.ts";
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
  const needed = neededProducts();
  const graph = plannableGraph(fused, makeTable(needed.choose), storage, live.facts);
  // Planning is what notes them.
  for (const _ of typicalPlans(graph, live.facts));
  return makeTable(chooseTiling(await measuredTuning(live, store, needed.shapes(), options)));
}
