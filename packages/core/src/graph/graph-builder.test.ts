import { describe, expect, test } from "vitest";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { longformerTrunk } from "../longformer/graphs/trunk.ts";
import { questionAnsweringLogits, tokenClassificationLogits } from "../longformer/graphs/heads.ts";
import { prepareInputs } from "../longformer/prepare-inputs.ts";
import { referenceRuntime } from "../runtime/reference-runtime.ts";
import { seededWeights, tinyConfig } from "../testing/longformer-cases.ts";
import { tensorDifference } from "../testing/tensor-difference.ts";
import type { Graph } from "./graph.ts";
import { buildGraph, extendGraph } from "./graph-builder.ts";
import { linearLayer, scalar } from "./layers.ts";
import * as operations from "./operations/index.ts";
import { selectOutputs } from "./passes/select-outputs.ts";
import { printGraph } from "./print-graph.ts";

const inputs = prepareInputs(tinyConfig, "model", {
  input_ids: [
    [3, 4, 5, 6, 7],
    [8, 9, 10, 1, 1],
  ],
  attention_mask: [
    [1, 1, 1, 1, 1],
    [1, 1, 1, 0, 0],
  ],
});
const run = async (graph: Graph): ReturnType<Awaited<ReturnType<ReturnType<typeof referenceRuntime>["prepare"]>>["run"]> =>
  (await referenceRuntime().prepare(graph, seededWeights(fullGraph))).run(inputs);
const fullGraph = longformerGraph(tinyConfig, "model", { hiddenStates: true });

describe("composing graphs", () => {
  test("a head of one's own: the mean of the tokens that are not masked", async () => {
    const graph = extendGraph(selectOutputs(fullGraph, ["last_hidden_state"]), (builder, value) => {
      const { add, cast, divide, multiply, reduceSum, reshape } = operations;
      const mask = builder.apply(cast, [value("attention_mask")], { dataType: "float32" });
      const weights = builder.apply(reshape, [mask], { shape: ["batch", "sequence", 1] });
      const sum = builder.apply(reduceSum, [builder.apply(multiply, [value("last_hidden_state"), weights])], { axis: 1 });
      const count = builder.apply(add, [builder.apply(reduceSum, [weights], { axis: 1 }), scalar(builder, 1e-9)]);
      builder.output("embedding", builder.apply(reshape, [builder.apply(divide, [sum, count])], { shape: ["batch", 24] }));
    });
    const { embedding, last_hidden_state: hidden } = await run(graph);
    expect(embedding?.shape).toEqual([2, 24]);
    const meanOfThree = [0, 1, 2].reduce((sum, token) => sum + (hidden?.data[(5 + token) * 24 + 7] ?? 0), 0) / 3;
    expect(embedding?.data[24 + 7]).toBeCloseTo(meanOfThree, 5);
  });

  test("a trunk cut after two layers, by its output or by its depth", async () => {
    const byOutput = selectOutputs(fullGraph, ["hidden_states.2"]);
    const byDepth = buildGraph("two layers", (builder) =>
      builder.output("hidden_states.2", longformerTrunk(builder, tinyConfig, { layers: 2 }).lastHiddenState),
    );
    expect(byOutput.parameters).toEqual(byDepth.parameters);
    expect(byOutput.nodes).toEqual(byDepth.nodes);
    const full = await run(fullGraph);
    for (const graph of [byOutput, byDepth]) {
      const cut = await run(graph);
      expect(tensorDifference(cut["hidden_states.2"], full["hidden_states.2"] as never, { absolute: 0, relative: 0 })).toBe(undefined);
    }
  });

  test("two heads on one trunk", () => {
    const graph = buildGraph("answers and names", (builder) => {
      const { lastHiddenState } = longformerTrunk(builder, tinyConfig);
      const { start, end } = questionAnsweringLogits(builder, tinyConfig, lastHiddenState);
      builder.output("start_logits", start);
      builder.output("end_logits", end);
      builder.output("labels", tokenClassificationLogits(builder, tinyConfig, lastHiddenState, { labels: 9 }));
    });
    expect(graph.parameters.slice(-4).map(({ name }) => name)).toEqual([
      "qa_outputs.weight",
      "qa_outputs.bias",
      "classifier.weight",
      "classifier.bias",
    ]);
    expect(graph.nodes.filter(({ operation }) => operation === "longformerAttention").length).toBe(3);
  });

  test("reads as text", () => {
    const graph = buildGraph("small", (builder) => {
      const x = builder.input("x", "int32", ["batch"], { minimum: 0, maximum: 3, meaning: "kinds" });
      const rows = builder.apply(operations.embedding, [x, builder.parameter("table", [4, 2])], {}, "rows");
      builder.output(
        "y",
        builder.scope("head", () => linearLayer(builder, rows, "dense", 3)),
      );
    });
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "graph "small"
        input     x: int32[batch] in 0…3
        parameter table: float32[4, 2]
        parameter dense.weight: float32[3, 2]
        parameter dense.bias: float32[3]
        rows: float32[batch, 2] = embedding(x, table)
        head.dense: float32[batch, 3] = linear(rows, dense.weight, dense.bias)
        output    y = head.dense
      "
    `);
  });

  test("says at once what does not fit", () => {
    expect(() =>
      buildGraph("g", (builder) => builder.apply(operations.add, [builder.input("x", "float32", [2]), builder.input("y", "int32", [2])])),
    ).toThrow(/add of\n {4}x: float32\[2\]\n {4}y: int32\[2\]\n {2}breaks the rule: left and right have the same data type/);
    expect(() => buildGraph("g", (builder) => [builder.parameter("w", [2]), builder.parameter("w", [3])])).toThrow(
      /"w" has shape \[2\].*asked for with \[3\]/,
    );
    expect(() => buildGraph("g", (builder) => [builder.input("x", "int32", [2]), builder.input("x", "float32", [2])])).toThrow(
      /"x" is int32\[2\].*float32\[2\]/,
    );
    expect(() => extendGraph(fullGraph, (_, value) => value("lost_hidden_state"))).toThrow(
      /no value "lost_hidden_state"; its outputs are last_hidden_state/,
    );
    expect(() => selectOutputs(fullGraph, ["logits"])).toThrow(/no output "logits"/);
  });
});
