import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longformerGraph } from "../../longformer/graphs/longformer-graph.ts";
import { prepareInputs } from "../../longformer/prepare-inputs.ts";
import { referenceRuntime } from "../../runtime/reference-runtime.ts";
import { seededWeights, tinyConfig } from "../../testing/longformer-cases.ts";
import { operationCaseGraph, type CaseInput } from "../../testing/operation-case.ts";
import { tensorDifference } from "../../testing/tensor-difference.ts";
import type { Graph } from "../graph.ts";
import { longformerAttention } from "../operations/longformer-attention.ts";
import { standardOperations } from "../operations/standard-operations.ts";
import { lowerLongformerAttention } from "./lower-longformer-attention.ts";
import { lowerTo } from "./lower-to.ts";
import { runPasses } from "./pass.ts";

const tolerance = { absolute: 2e-5, relative: 2e-5 };
const basic = [...standardOperations.keys()].filter((name) => name !== "longformerAttention");

const attentionCase = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    sequence: fc.integer({ min: 1, max: 40 }),
    heads: fc.integer({ min: 1, max: 3 }),
    headSize: fc.integer({ min: 1, max: 5 }),
    window: fc.integer({ min: 1, max: 9 }).map((side) => 2 * side),
    globals: fc.boolean(),
    /** How likely masked and global tokens are: often none, sometimes all. */
    codes: fc.constantFrom([1], [1, 1, 1, 1, 2], [0, 1, 1, 2], [0, 1], [0, 2], [2], [0], [0, 1, 1, 1, 1, 1, 1, 1, 2]),
  })
  .chain((sizes) =>
    fc.record({
      sizes: fc.constant(sizes),
      mask: fc.array(fc.constantFrom(...sizes.codes), { minLength: sizes.batch * sizes.sequence, maxLength: sizes.batch * sizes.sequence }),
    }),
  );

describe("lowerLongformerAttention", () => {
  test.each(["reassociated", "direct"] as const)("gives what the operation gives (%s)", async (globalProjections) => {
    await fc.assert(
      fc.asyncProperty(attentionCase, async ({ sizes: { batch, sequence, heads, headSize, window, globals }, mask }) => {
        const width = heads * headSize;
        const x: CaseInput = { dataType: "float32", shape: ["batch", "sequence", width], values: { kind: "normal" } };
        const projection: readonly CaseInput[] = [
          { ...x, shape: [width, width], parameter: true },
          { ...x, shape: [width], parameter: true },
        ];
        const codes: CaseInput = { dataType: "int32", shape: ["batch", "sequence"], values: { kind: "list", values: mask } };
        const { graph, weights, inputs } = operationCaseGraph({
          name: "random",
          operation: longformerAttention,
          inputs: [x, x, x, x, codes, ...projection, ...projection, ...projection],
          attributes: { heads, window, ...(globals ? { globals: "globals" } : {}) },
          dimensions: { batch, sequence },
          tolerance,
        });
        const lowered = runPasses(graph, [lowerLongformerAttention({ globalProjections })]);
        expect(lowered.nodes.map(({ operation }) => operation)).not.toContain("longformerAttention");
        const runtime = referenceRuntime();
        const [fused, blocked] = await Promise.all(
          [graph, lowered].map(async (each) => (await runtime.prepare(each, weights)).run(inputs)),
        );
        for (const [name, expected] of Object.entries(fused ?? {}))
          expect({ [name]: tensorDifference(blocked?.[name], expected, tolerance) }).toEqual({ [name]: undefined });
      }),
      { numRuns: 60 },
    );
  });

  test("computes what layers share once, and nothing grows faster than the sequence", () => {
    const graph = longformerGraph(tinyConfig, "question-answering");
    const lowered = lowerTo(graph, basic, { runtime: "basic" });
    expect(lowered.nodes.filter(({ operation }) => operation === "nonzero").length).toBe(1);
    expect(lowered.nodes.filter(({ operation }) => operation === "bandMask").length).toBe(3);
    for (const { shape } of lowered.nodes.flatMap(({ outputs }) => outputs)) {
      expect(shape.filter((size) => String(size).includes("sequence")).length).toBeLessThanOrEqual(1);
    }
    // A bias of the keys adds the same to every score of a row, which softmax does not see.
    expect(lowered.parameters).toEqual(graph.parameters.filter(({ name }) => !name.endsWith("key_global.bias")));
  });

  test("tells apart the slots of two masks, and takes names that are free", () => {
    const graph: Graph = longformerGraph(tinyConfig, "model", { layers: 2, pooler: false });
    const [first, second] = graph.nodes.filter(({ operation }) => operation === "longformerAttention");
    const two: Graph = {
      ...graph,
      inputs: [...graph.inputs, { name: "global_slots", dataType: "int32", shape: ["global_slots"] }],
      nodes: graph.nodes.map((node) => (node === second ? { ...node, inputs: node.inputs.with(4, "attention_mask") } : node)),
    };
    const slots = lowerTo(two, basic, { runtime: "basic" }).nodes.filter(({ operation }) => operation === "nonzero");
    expect(first?.inputs[4]).toBe("attention_mask_code");
    expect(slots.map(({ inputs, attributes }) => [inputs[0], attributes.dimension])).toEqual([
      ["attention_mask_code", "global_slots_2"],
      ["attention_mask", "global_slots_3"],
    ]);
  });
});

describe("padding", () => {
  test("to the window changes no bit of the rows that were there", async () => {
    const graph = longformerGraph(tinyConfig, "model", { hiddenStates: true, pooler: false });
    const session = await referenceRuntime().prepare(graph, seededWeights(graph));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        async (length, padding, globals) => {
          const row = (content: (position: number) => number, filler: number): number[][] => [
            Array.from({ length: length + padding }, (_, at) => (at < length ? content(at) : filler)),
          ];
          const padded = {
            input_ids: row((at) => 3 + ((at * 7) % 40), 1),
            attention_mask: row(() => 1, 0),
            global_attention_mask: row((at) => Number(globals[at]), 0),
          };
          const bare = Object.fromEntries(
            Object.entries(padded).map(([name, rows]) => [name, rows.map((values) => values.slice(0, length))]),
          );
          const [alone, beside] = await Promise.all([bare, padded].map((raw) => session.run(prepareInputs(tinyConfig, "model", raw))));
          for (const [name, { data }] of Object.entries(alone ?? {})) expect(beside?.[name]?.data.slice(0, data.length)).toEqual(data);
        },
      ),
      { numRuns: 25 },
    );
  });
});
