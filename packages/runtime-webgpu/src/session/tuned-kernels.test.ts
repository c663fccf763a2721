import { afterAll, expect, test } from "vitest";
import { parseLongformerConfig } from "@longspan/core/adapter";
import { longformerGraph } from "@longspan/core/graph";
import { liveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import { fuseForGpu } from "../fusion/index.ts";
import { headKernelTable } from "../kernels/index.ts";
import { testDevice } from "../testing/test-device.ts";
import type { Measured } from "../tuning/kept-tuning.ts";
import { webgpu } from "../webgpu-runtime.ts";
import { tunedKernels } from "./tuned-kernels.ts";
import { plannableGraph, typicalPlans } from "./typical-plans.ts";

const { device, facts: found } = await testDevice();
afterAll(() => device.destroy());
const facts = { ...found, kind: "gpu" } as const;
const live = liveDevice(device, facts, "Open another");
const nothingKept: TuningStore = { read: async () => undefined, write: async () => undefined };
const { config } = parseLongformerConfig({
  model_type: "longformer",
  hidden_size: 64,
  num_attention_heads: 2,
  num_hidden_layers: 2,
  intermediate_size: 256,
  attention_window: 32,
  vocab_size: 100,
  max_position_embeddings: 4098,
});
const graph = fuseForGpu(longformerGraph(config, "model", { pooler: false }), { joinProjections: true });

test("the layers and the attention that a model's typical runs compute are measured, and planned by what was fastest", async () => {
  const asked: Measured[] = [];
  const { unmeasured } = await tunedKernels(live, graph, headKernelTable, "float32", nothingKept, {
    measure: async (known) => {
      asked.push(known);
      const choice =
        known.of === "linear" ? { tiling: "tile-32x32" } : known.of === "window" ? { window: "staged" } : { globalForm: "direct" };
      return { complete: true, times: [{ choice, milliseconds: 1, byRules: 2 }] };
    },
  });
  const kernels = await unmeasured?.measure();
  if (kernels === undefined) throw new Error("nothing was left to be measured");
  const sizes = asked.map((one) =>
    one.of === "linear"
      ? [one.shape.rows, one.shape.columns, one.shape.inner].join(" ")
      : [one.of, one.shape.sequence, one.shape.slots].join(" "),
  );
  for (const rows of [512, 4096]) {
    for (const layer of ["64 64", "256 64", "64 256"]) expect(sizes).toContain(`${rows} ${layer}`);
    for (const part of [`window ${rows} 16`, `global ${rows} 1`, `global ${rows} 16`, `global ${rows} 32`]) expect(sizes).toContain(part);
  }
  const plans = [...typicalPlans(plannableGraph(graph, kernels, "float32", facts), facts, { few: true })];
  const namesOf = (slots: number): readonly string[] =>
    plans
      .findLast(({ uploads }) => uploads.some(({ name }) => name.includes(`${slots} slots`)))
      ?.steps.map(({ dispatch }) => dispatch.kernel.name) ?? [];
  const longest = namesOf(16);
  // The global tokens' own queries have few rows: rules choose for them.
  const layers = longest.filter((name) => name.startsWith("linear-") && !name.startsWith("linear-split-"));
  expect(layers.length).toBeGreaterThan(0);
  expect(layers.filter((name) => !name.startsWith("linear-tile-32x32"))).toEqual([]);
  const windows = longest.filter((name) => name.startsWith("window-"));
  expect(windows.length).toBe(2);
  expect(windows.filter((name) => !name.endsWith("-staged"))).toEqual([]);
  // The direct form.
  expect(longest.filter((name) => name === "gather-global-rows").length).toBe(2);
});

test("a tuning of no known kind is refused", () => {
  expect(() => webgpu({ tuning: "guessed" as "rules" })).toThrow(
    'There is no tuning "guessed": it is measured, rules, or what tuneLinear gave.',
  );
});
