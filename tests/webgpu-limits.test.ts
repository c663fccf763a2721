import { afterAll, describe, expect, test } from "vitest";
import type { LazyTensor } from "@longspan/core";
import { parseLongformerConfig, publishedConfigs } from "@longspan/core/adapter";
import { longformerGraph } from "@longspan/core/graph";
import { memoryWeights, prepareInputs, referenceRuntime } from "@longspan/core/runtime";
import { webgpu } from "@longspan/runtime-webgpu";
import { maxDifference } from "./forward-parity.ts";

const { config } = parseLongformerConfig(publishedConfigs["longformer-base-4096"]);

/** The first and the last thing base does, with nothing between: its table of 50265 x 768 words is larger than WebGPU's default binding. */
const graph = longformerGraph(config, "masked-lm", { layers: 0, hiddenStates: true });

/** Numbers that are cheap to make, and different from row to row. */
function weightOf(name: string, shape: readonly number[], seed: number): [string, LazyTensor] {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  let state = seed;
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[index] = state / 2 ** 34;
  }
  const [tensor] = memoryWeights({ [name]: { dataType: "float32", shape, data } }).values();
  if (tensor === undefined) throw new Error("there is a tensor");
  return [name, tensor];
}

const weights = new Map(graph.parameters.map(({ name, shape }, index) => weightOf(name, shape.map(Number), index + 1)));
// The last words lie beyond the first 128 MiB.
const inputs = prepareInputs(config, "masked-lm", { input_ids: [[0, 50264, 31, 44000, 2]] });

describe("a device with no more than WebGPU's default limits runs base's embeddings and masked language model", () => {
  const runtime = webgpu({ limits: "default" });
  afterAll(() => runtime.dispose());

  test("with weights in float32 and in float16", async () => {
    const truth = await (await referenceRuntime().prepare(graph, weights)).run(inputs);
    for (const [dataType, allowed] of [
      ["float32", 1e-4],
      ["float16", 2e-2],
    ] as const) {
      const session = await runtime.prepare(graph, weights, { dataType });
      const actual = await session.run(inputs).finally(() => session.dispose());
      expect(actual.logits?.shape).toEqual([1, 5, 50265]);
      for (const [name, expected] of Object.entries(truth))
        expect({ [name]: maxDifference(actual[name], expected) <= allowed }).toEqual({ [name]: true });
    }
  });
});
