import { afterAll, expect, test } from "vitest";
import { parseLongformerConfig } from "@longspan/core/adapter";
import { longformerGraph } from "@longspan/core/graph";
import { liveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import { fuseForGpu } from "../fusion/index.ts";
import { headKernelTable } from "../kernels/index.ts";
import type { LinearShape } from "../kernels/linear/index.ts";
import { testDevice } from "../testing/test-device.ts";
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

test("the layers that a model's typical runs compute are measured, and planned by what was fastest", async () => {
  const asked: LinearShape[] = [];
  const kernels = await tunedKernels(live, graph, headKernelTable, "float32", nothingKept, {
    measure: async (shape, tilings) => {
      asked.push(shape);
      return {
        ...shape,
        tiling: "tile-32x32",
        gigaflops: Object.fromEntries(tilings.map(({ name }) => [name, name === "tile-32x32" ? 2 : 1])),
      };
    },
  });
  const sizes = new Set(asked.map(({ rows, columns, inner }) => [rows, columns, inner].join(" ")));
  for (const rows of [512, 4096]) for (const layer of ["64 64", "256 64", "64 256"]) expect(sizes).toContain(`${rows} ${layer}`);
  const plans = [...typicalPlans(plannableGraph(graph, kernels, "float32", facts), facts)];
  const longest = plans.at(-1)?.steps.map(({ dispatch }) => dispatch.kernel.name) ?? [];
  const layers = longest.filter((name) => name.startsWith("linear-"));
  expect(layers.length).toBeGreaterThan(0);
  expect(layers.filter((name) => !name.startsWith("linear-tile-32x32"))).toEqual([]);
});

test("a tuning of no known kind is refused", () => {
  expect(() => webgpu({ tuning: "guessed" as "rules" })).toThrow(
    'There is no tuning "guessed": it is measured, rules, or what tuneLinear gave.',
  );
});
