import { LongspanError } from "@longspan/core";
import type { Session } from "@longspan/core/runtime";
import { afterAll, expect, test } from "vitest";
import { liveDevice } from "../device/live-device.ts";
import type { KernelTable } from "../kernel/operation-kernels.ts";
import { headKernelTable } from "../kernels/index.ts";
import { tilingsOf } from "../kernels/linear/heuristic-tiling.ts";
import { countCalls } from "../testing/counted-device.ts";
import { found } from "../testing/attention-cases.ts";
import { ones, smallLayer, smallLayerWeights } from "../testing/small-layer.ts";
import { testDevice } from "../testing/test-device.ts";
import type { Unmeasured } from "../tuning/measured-tuning.ts";
import { prepareSession } from "./prepare-session.ts";

const { device, facts } = await testDevice();
afterAll(() => device.destroy());
const counts = countCalls(device);
const live = liveDevice(device, facts, "Open another");

const lanes = found(tilingsOf(facts).findLast(({ kind }) => kind === "lanes"));
const measured = headKernelTable({ products: () => lanes });

function prepare(unmeasured: Unmeasured<KernelTable>): Promise<Session> {
  const request = {
    graph: smallLayer,
    fitted: smallLayer,
    fused: smallLayer,
    weights: smallLayerWeights,
    kernels: headKernelTable(),
    storage: "float32",
    options: { profile: facts.timestamps },
  } as const;
  return prepareSession({ live, giveBack: () => undefined }, { ...request, unmeasured, typical: {}, disposed: () => undefined });
}

test("what is left to be measured is compiled while weights are loaded, measured behind that, and planned by", async () => {
  const steps: string[] = [];
  const session = await prepare({
    async compile(isOver) {
      steps.push(`compile, ${isOver() ? "over" : "not over"}`);
      throw new Error("does not compile");
    },
    async measure() {
      // The weights, and nothing else.
      steps.push(`measure beside ${counts.buffersStanding} buffers`);
      return measured;
    },
  });
  expect(steps.at(-1)).toBe("measure beside 2 buffers");
  const { y } = await session.run({ x: ones(2, 4) });
  expect(Array.from(y?.data ?? [])).toEqual([5, 5, 5, 5, 5, 5]);
  if (facts.timestamps) expect(session.profile?.()?.steps.map(({ kernel }) => kernel)).toEqual([expect.stringContaining(lanes.name)]);
  await session.dispose();
  expect(counts.buffersStanding).toBe(0);
});

test("an abort, or a device that is lost, while it is measured leaves nothing behind", async () => {
  const measure = async (): Promise<never> => {
    throw new LongspanError("aborted", "No more.");
  };
  await expect(prepare({ compile: async () => undefined, measure })).rejects.toMatchObject({ code: "aborted" });
  expect(counts.buffersStanding).toBe(0);
});
