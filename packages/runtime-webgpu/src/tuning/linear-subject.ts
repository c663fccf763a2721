import { LongspanError } from "@longspan/core";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { LinearShape } from "../kernels/linear/check-tuning.ts";
import { heuristicTiling, tilingsFor } from "../kernels/linear/heuristic-tiling.ts";
import { createLinearBuffers, planTimedLinear } from "../kernels/linear/timed-linear.ts";
import type { LinearChoice } from "./kept-tuning.ts";
import type { Subject } from "./subject.ts";

/** A linear layer, by its tilings. */
export function linearSubject(facts: DeviceFacts, shape: LinearShape): Subject<LinearChoice> {
  const byRule = heuristicTiling(facts, { ...shape, stack: 1, rightLayout: "columns" }, shape.weightStorage);
  // Lanes are for processors, and split sums for a few rows: neither is near the others for many.
  const tilings = tilingsFor(facts, shape, shape.weightStorage).filter(({ kind }) => kind === byRule.kind);
  return {
    purpose: "a linear layer",
    plan(choice) {
      const tiling = choice === undefined ? byRule : tilings.find(({ name }) => name === choice.tiling);
      return tiling === undefined ? undefined : withinLimits(() => ({ dispatches: planTimedLinear(facts, shape, tiling) }));
    },
    variations: () => tilings.map(({ name }) => ({ tiling: name })),
    async createMemory(live) {
      const { memory, destroy } = await createLinearBuffers(live, shape);
      return { buffers: memory, destroy };
    },
  };
}

/** What the device can bind; undefined for what it cannot. */
export function withinLimits<Plan>(plan: () => Plan): Plan | undefined {
  try {
    return plan();
  } catch (error) {
    if (LongspanError.isInstance(error) && error.code === "device-limit") return undefined;
    throw error;
  }
}
