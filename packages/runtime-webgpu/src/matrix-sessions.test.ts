import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { longformerGraph } from "@longspan/core/graph";
import { prepareInputs } from "@longspan/core/runtime";
import { seededWeights, tinyConfig } from "@longspan/core/testing";
import { nullDevice } from "./testing/matrix-units.ts";
import { runtimeWithFacts } from "./testing/runtime-with-facts.ts";
import type { TestDevice } from "./testing/test-device.ts";

let gpu: TestDevice;
beforeAll(async () => {
  gpu = await nullDevice();
});
afterAll(() => gpu.device.destroy());

/** 64 wide, so that all kernels of matrix units can be taken. */
const config = { ...tinyConfig, hiddenSize: 64, heads: 4, intermediateSize: 128, attentionWindow: [8, 8, 16] };
const tokens = Array.from({ length: 64 }, (_, at) => at);

// Whole models with the text that NVIDIA's devices get, and what is bound to it: what would be refused there, such as a binding in which there is no room for a
// matrix, shows on a device that computes nothing.
test.each([
  ["no global tokens", 0],
  ["one", 1],
  ["sixteen", 16],
  ["more than are folded", 40],
])("Dawn takes all of a session on matrix units: %s", async (_, globals) => {
  const compiled = vi.spyOn(gpu.device, "createComputePipelineAsync");
  const graph = longformerGraph(config, "model");
  await using session = await runtimeWithFacts(gpu, { precision: "float16" }).prepare(graph, seededWeights(graph));
  const inputs = prepareInputs(config, "model", {
    input_ids: [tokens.map((at) => 3 + (at % 40))],
    global_attention_mask: [tokens.map((at) => Number(at < globals))],
  });
  // What was in its memory before may be no numbers.
  const problem: unknown = await session.run(inputs).catch((error: unknown) => error);
  if (problem instanceof Error) expect(problem).toMatchObject({ code: "value-overflow" });
  const kernels = compiled.mock.calls.map(([{ label = "" }]) => label);
  for (const part of ["linear-matrix", "window-attention-matrix", "global-attention-joint"])
    expect(kernels).toContainEqual(expect.stringContaining(part));
  compiled.mockRestore();
});
