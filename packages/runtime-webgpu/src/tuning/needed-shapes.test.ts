import { expect, test } from "vitest";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { AttentionShape } from "../kernels/attention/attention-plan.ts";
import { heuristicTiling } from "../kernels/linear/heuristic-tiling.ts";
import { defaultFacts } from "../testing/default-facts.ts";
import { neededAttention } from "./needed-attention.ts";
import { neededProducts } from "./needed-products.ts";

const facts: DeviceFacts = { ...defaultFacts, kind: "gpu" };

test("needed products are those of many rows, each once, the dearest first", () => {
  const needed = neededProducts();
  const product = (rows: number, columns: number, stack = 1) => ({ rows, columns, inner: 64, stack, rightLayout: "columns" }) as const;
  for (const one of [product(512, 64), product(4096, 64), product(512, 64), product(16, 64), product(512, 64, 12), product(512, 256)])
    expect(needed.choose(facts, one, "float16")).toEqual(heuristicTiling(facts, one, "float16"));
  expect(needed.shapes().map(({ shape: { rows, columns }, work }) => [rows, columns, work])).toEqual([
    [4096, 64, 2 * 4096 * 64 * 64],
    [512, 256, 2 * 512 * 256 * 64],
    [512, 64, 2 * 2 * 512 * 64 * 64],
  ]);
  expect(needed.shapes()[0]?.shape).toMatchObject({ weightStorage: "float16", activationStorage: "float16" });
});

test("needed attention is a window of each length, its global tokens, and as many of these as about break even", () => {
  const needed = neededAttention();
  const storages = { queryStorage: "float16", hiddenStorage: "float16", weightStorage: "float16", contextStorage: "float16" } as const;
  const sizes = { batch: 1, hidden: 128, heads: 4, oneSided: 16, joined: true };
  const shape = (sequence: number, slots: number): AttentionShape => ({ ...sizes, ...storages, sequence, slots });
  for (const sequence of [16, 512, 4096])
    for (const slots of [0, 1, 16])
      for (let layer = 0; layer < 2; layer++) expect(needed.choose(facts, shape(sequence, slots))).toEqual({});
  const parts = needed.parts();
  expect(parts.filter(({ of }) => of === "window").map((one) => one.shape)).toEqual([shape(4096, 16), shape(512, 16)]);
  const globals = parts.filter(({ of }) => of === "global").map((one) => one.shape);
  expect(globals).toHaveLength(6);
  for (const sequence of [512, 4096]) for (const slots of [1, 16, 32]) expect(globals).toContainEqual(shape(sequence, slots));
  expect(parts.map(({ work }) => work)).toEqual(parts.map(({ work }) => work).toSorted((left, right) => right - left));
});

test("a model without global tokens needs its window alone", () => {
  const needed = neededAttention();
  const storages = { queryStorage: "float32", hiddenStorage: "float32", weightStorage: "float32", contextStorage: "float32" } as const;
  needed.choose(facts, { batch: 1, sequence: 512, hidden: 64, heads: 2, oneSided: 8, slots: 0, joined: false, ...storages });
  expect(needed.parts().map(({ of }) => of)).toEqual(["window"]);
});
