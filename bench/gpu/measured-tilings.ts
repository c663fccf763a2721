// What `prepare` measures for a model on this device, in as many goes of half a second as it takes; and what came of it beside what rules choose.
import type { Graph } from "@longspan/core/graph";
import { acceptGraph, type Runtime } from "@longspan/core/runtime";
import { sharedDevice } from "../../packages/runtime-webgpu/src/device/shared-device.ts";
import { tuningStore } from "../../packages/runtime-webgpu/src/device/tuning-store.node.ts";
import { fuseForGpu } from "../../packages/runtime-webgpu/src/fusion/index.ts";
import type { DeviceFacts } from "../../packages/runtime-webgpu/src/kernel/device-facts.ts";
import { heuristicTiling } from "../../packages/runtime-webgpu/src/kernels/linear/heuristic-tiling.ts";
import { chooseTiling } from "../../packages/runtime-webgpu/src/kernels/linear/linear-tuning.ts";
import { linear } from "../../packages/runtime-webgpu/src/kernels/linear/linear.ts";
import { createProductKernels } from "../../packages/runtime-webgpu/src/kernels/linear/product-kernel.ts";
import { neededKernels } from "../../packages/runtime-webgpu/src/session/needed-kernels.ts";
import { tunedKernels } from "../../packages/runtime-webgpu/src/session/tuned-kernels.ts";
import { attentionSubject } from "../../packages/runtime-webgpu/src/tuning/attention-subject.ts";
import { fastest, type KeptTimes } from "../../packages/runtime-webgpu/src/tuning/kept-times.ts";
import { readKeptTuning, type Measured } from "../../packages/runtime-webgpu/src/tuning/kept-tuning.ts";

export interface MeasuredTiling {
  /** A linear layer or a part of attention, and its sizes. */
  readonly name: string;
  /** What rules choose: a tiling, or kernels. */
  readonly byRules: string;
  readonly chosen: string;
  readonly complete: boolean;
  /** Of each candidate and, beside it, of what rules choose; null where the device does not take it. */
  readonly times: readonly { readonly choice: string; readonly milliseconds: number | null; readonly byRules: number | null }[];
}

/** `seconds`: how long, at most, in all. */
export async function measureTilings(
  graph: Graph,
  runtime: Pick<Runtime, "name" | "capabilities">,
  precision: "float32" | "float16",
  seconds: number,
): Promise<readonly MeasuredTiling[]> {
  const shared = sharedDevice({});
  const { live, giveBack } = await shared.borrow();
  if (live.facts.kind === "cpu") {
    console.log("  a software adapter: rules choose, and nothing is measured");
    giveBack();
    return [];
  }
  const store = tuningStore();
  const fused = fuseForGpu(acceptGraph(graph, runtime), { joinProjections: true });
  const table = await neededKernels(fused);
  const goes: string[] = [];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const start = performance.now();
    const { unmeasured } = await tunedKernels(live, fused, table, precision, store);
    if (unmeasured === undefined) break;
    await unmeasured.measure();
    const { measured } = await readKeptTuning(store, live.facts);
    const found = measured.reduce((sum, { times }) => sum + times.length, 0);
    const took = performance.now() - start;
    goes.push(`${Math.round(took)} ms (${found} candidates)`);
  }
  console.log(`  measuring took ${goes.join(", ")}`);
  const { measured } = await readKeptTuning(store, live.facts);
  const all = measured.filter(({ shape }) => shape.weightStorage === precision).map((one) => measuredTiling(live.facts, one));
  for (const { name, byRules, chosen, complete, times } of all) {
    console.log(`  ${name}${complete ? "" : " (not all was measured)"}: ${chosen}; by rules ${byRules}`);
    for (const { choice, milliseconds, byRules: other } of times)
      console.log(
        `    ${choice.padEnd(72)} ${milliseconds === null || other === null ? "is refused by the device" : `${milliseconds.toFixed(4)} ms, by rules ${other.toFixed(4)} ms, ${(other / milliseconds).toFixed(2)} x`}`,
      );
  }
  giveBack();
  shared.close();
  return all;
}

function measuredTiling(facts: DeviceFacts, one: Measured): MeasuredTiling {
  const { complete } = one;
  if (one.of === "linear") {
    const { shape, times } = one;
    const byRules = heuristicTiling(facts, { ...shape, stack: 1, rightLayout: "columns" }, shape.weightStorage).name;
    return tilingOf(`linear layer ${shape.rows} x ${shape.inner} x ${shape.columns}`, byRules, complete, times);
  }
  const { of: part, shape, times } = one;
  const kernels =
    attentionSubject(facts, shape, part, linear(chooseTiling(undefined), createProductKernels()))
      .plan(undefined)
      ?.dispatches.map(({ kernel }) => kernel.name) ?? [];
  return tilingOf(`${part} of ${shape.sequence} tokens, ${shape.slots} global`, kernels.join(" + "), complete, times);
}

function tilingOf(name: string, byRules: string, complete: boolean, times: KeptTimes<object>["times"]): MeasuredTiling {
  const wordsOf = (choice: object): string =>
    Object.entries(choice)
      .map(([key, value]) => `${key} ${String(value)}`)
      .join(", ");
  const best = fastest(times);
  return {
    name,
    byRules,
    chosen: best === undefined ? "by rules" : wordsOf(best),
    complete,
    times: times.map((time) => ({ ...time, choice: wordsOf(time.choice) })),
  };
}
