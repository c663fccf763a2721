import { describe, expect, test } from "vitest";
import { buildGraph } from "../graph/graph-builder.ts";
import type { Operation } from "../graph/operation.ts";
import { add } from "../graph/operations/add.ts";
import { standardOperations } from "../graph/operations/standard-operations.ts";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { prepareInputs } from "../longformer/prepare-inputs.ts";
import { seededWeights, tinyConfig } from "../testing/longformer-cases.ts";
import { testRuntime } from "../testing/test-runtime.ts";
import { referenceRuntime } from "./reference-runtime.ts";

test("what takes more memory than there can be is said to", async () => {
  const config = { ...tinyConfig, attentionWindow: [2 ** 50, 8, 4] };
  const graph = longformerGraph(config, "model", { attentions: true });
  const session = await referenceRuntime().prepare(graph, seededWeights(graph));
  const run = session.run(prepareInputs(config, "model", { input_ids: [[0, 5, 2]] }));
  await expect(run).rejects.toMatchObject({ code: "out-of-memory", message: expect.stringMatching(/layer\.0\.attention.*fewer outputs/) });
});

test.each(["Out of memory", "length larger than (2 ** 53) - 1"])("so it is in words of Safari and Bun: %s", async (message) => {
  const full: Operation = {
    ...add,
    evaluate: () => {
      throw new RangeError(message);
    },
  };
  const graph = buildGraph("full", (builder) => {
    const x = builder.input("x", "float32", [2]);
    builder.output("sum", builder.apply(add, [x, x], {}, "sum of both"));
  });
  const session = await referenceRuntime({ operations: new Map([...standardOperations, ["add", full]]) }).prepare(graph, new Map());
  const run = session.run({ x: { dataType: "float32", shape: [2], data: new Float32Array(2) } });
  await expect(run).rejects.toMatchObject({ code: "out-of-memory", details: { node: "sum of both" } });
});

describe("referenceRuntime", () => {
  testRuntime({ describe, test, expect }, () => referenceRuntime());
});
