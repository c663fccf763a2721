import type { Graph } from "@longspan/core/graph";
import type { LiveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import type { KernelTable } from "../kernel/operation-kernels.ts";
import { chooseAttention } from "../kernels/attention/attention-tuning.ts";
import type { MakeKernelTable } from "../kernels/index.ts";
import { chooseTiling } from "../kernels/linear/linear-tuning.ts";
import { openTuning, type MeasuredTuning, type TuningOptions, type Unmeasured } from "../tuning/measured-tuning.ts";
import { neededAttention } from "../tuning/needed-attention.ts";
import { neededProducts } from "../tuning/needed-products.ts";
import { plannableGraph, typicalPlans } from "./typical-plans.ts";

/** Kernels with tilings by what is known of a device. */
export interface TunedKernels {
  readonly kernels: KernelTable;
  /** What is left to be measured of what typical runs compute; undefined: nothing. */
  readonly unmeasured: Unmeasured<KernelTable> | undefined;
}

/** Kernels with the tilings that are fastest on the device for what typical runs of a graph compute: from what was kept. */
export async function tunedKernels(
  live: LiveDevice,
  fused: Graph,
  makeTable: MakeKernelTable,
  storage: "float32" | "float16",
  store: TuningStore,
  options: TuningOptions = {},
): Promise<TunedKernels> {
  const [products, attention] = [neededProducts(), neededAttention()];
  const graph = plannableGraph(fused, makeTable({ products: products.choose, attention: attention.choose }), storage, live.facts);
  // Planning is what notes them.
  for (const _ of typicalPlans(graph, live.facts, { few: true }));
  const { tuning, unmeasured } = await openTuning(live, store, { linear: products.shapes(), attention: attention.parts() }, options);
  const tableOf = (found: MeasuredTuning): KernelTable =>
    makeTable({ products: chooseTiling(found.linear), attention: chooseAttention(found.attention) });
  return {
    kernels: tableOf(tuning),
    unmeasured: unmeasured && { compile: (isOver) => unmeasured.compile(isOver), measure: async () => tableOf(await unmeasured.measure()) },
  };
}
