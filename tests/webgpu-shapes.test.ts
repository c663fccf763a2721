import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { longformerGraph } from "@longspan/core/graph";
import { prepareInputs, type RawLongformerInputs, referenceRuntime, type Session } from "@longspan/core/runtime";
import { seededWeights, tensorDifference, tinyConfig } from "@longspan/core/testing";
import { webgpu, type WebGpuOptions } from "@longspan/runtime-webgpu";

const graph = longformerGraph(tinyConfig, "model", { hiddenStates: true });
const weights = seededWeights(graph);
const tolerance = { absolute: 3e-5, relative: 3e-5 };

/** Kinds of rows: how a token is masked (0), local (1) or global (2). */
const rows = (length: number): fc.Arbitrary<readonly number[]> =>
  fc.oneof(
    fc.array(fc.constantFrom(0, 1, 2), { minLength: length, maxLength: length }),
    fc.array(fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 2), { minLength: length, maxLength: length }),
    fc.constantFrom(0, 1, 2).map((code) => Array<number>(length).fill(code)),
    fc.nat(length).map((end) => Array.from({ length }, (_, position) => (position < end ? (position === 0 ? 2 : 1) : 0))),
  );

const anyInputs: fc.Arbitrary<RawLongformerInputs> = fc.integer({ min: 1, max: 67 }).chain((length) =>
  fc.array(fc.record({ codes: rows(length), seed: fc.nat(1000) }), { minLength: 1, maxLength: 3 }).map((drawn) => ({
    input_ids: drawn.map(({ codes, seed }) => codes.map((_, position) => (position * 7 + seed) % tinyConfig.vocabSize)),
    attention_mask: drawn.map(({ codes }) => codes.map((code) => Number(code > 0))),
    global_attention_mask: drawn.map(({ codes }) => codes.map((code) => Number(code === 2))),
  })),
);

describe("any batch, length and masks come out as in the reference runtime", () => {
  const standing: Session[] = [];
  afterAll(() => Promise.all(standing.map((session) => session.dispose())));

  test.each<[string, WebGpuOptions]>([
    ["with all features", {}],
    ["with none", { features: [], limits: "default" }],
  ])("%s", async (_, options) => {
    const truth = await referenceRuntime().prepare(graph, weights);
    const session = await webgpu(options).prepare(graph, weights);
    standing.push(truth, session);
    await fc.assert(
      fc.asyncProperty(anyInputs, async (raw) => {
        const inputs = prepareInputs(tinyConfig, "model", raw);
        const [expected, actual] = [await truth.run(inputs), await session.run(inputs)];
        for (const [name, tensor] of Object.entries(expected))
          expect({ [name]: tensorDifference(actual[name], tensor, tolerance) }).toEqual({ [name]: undefined });
      }),
      { numRuns: 40 },
    );
  });
});
