import { describe, expect, test } from "vitest";
import { buildGraph } from "../graph/graph-builder.ts";
import { cast, select } from "../graph/operations/index.ts";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { prepareInputs } from "../longformer/prepare-inputs.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { tinyConfig } from "../testing/longformer-cases.ts";
import { createInputCheck } from "./check-inputs.ts";

const ints = (shape: readonly number[], values: readonly number[]): Tensor => ({ dataType: "int32", shape, data: Int32Array.from(values) });

describe("createInputCheck", () => {
  const choices = longformerGraph(tinyConfig, "multiple-choice");
  const inputs = prepareInputs(tinyConfig, "multiple-choice", {
    input_ids: [
      [
        [3, 2, 2, 2],
        [4, 2, 2, 2],
      ],
    ],
  });

  test("gives the symbols their numbers", () => {
    const { dimensions, tensors } = createInputCheck(choices)(inputs);
    expect(Object.fromEntries(dimensions)).toEqual({ batch: 1, choices: 2, sequence: 4 });
    expect([...tensors.keys()].toSorted()).toEqual(choices.inputs.map(({ name }) => name).toSorted());
  });

  test("what it gives stays what it was when the caller writes over what was given", () => {
    const graph = buildGraph("three inputs", (builder) => {
      builder.output("ids", builder.input("ids", "int32", ["length"]));
      builder.output("numbers", builder.input("numbers", "float32", ["length"]));
      builder.output("flags", builder.input("flags", "bool", ["length"]));
    });
    const given = {
      ids: ints([2], [1, 2]),
      numbers: { dataType: "float32", shape: [2], data: Float32Array.of(1, 0) },
      flags: { dataType: "bool", shape: [2], data: Uint8Array.of(1, 0) },
    } as const satisfies Record<string, Tensor>;
    const { tensors } = createInputCheck(graph)(given);
    for (const { data } of Object.values(given)) data.fill(0 as never);
    expect([...tensors.values()].map(({ data }) => [...data])).toEqual([
      [1, 2],
      [1, 0],
      [1, 0],
    ]);
  });

  test("follows ids to their table, and says where the id and what the table is", () => {
    const odd = { ...inputs, input_ids: ints([1, 2, 4], [3, 2, 2, 2, 4, 2, 50, 2]) };
    expect(() => createInputCheck(choices)(odd)).toThrow(
      /input_ids holds 50 at \[0, 1, 2\], but embeddings\.word_embeddings\.weight has 50 rows: ids go from 0 to 49/,
    );
  });

  test("says which axis does not agree, in numbers and in words", () => {
    const odd = { ...inputs, token_type_ids: ints([1, 2, 3], [0, 0, 0, 0, 0, 0]) };
    expect(() => createInputCheck(choices)(odd)).toThrow(
      /token_type_ids has shape \[1, 2, 3\]; expected \[1, 2, 4\], which is \[batch, choices, sequence\]/,
    );
  });

  test("computes the axes that are expressions, and reads floats and flags of other types", () => {
    const graph = buildGraph("g", (builder) => {
      const x = builder.input("x", "float32", ["batch", 2]);
      const flags = builder.input("flags", "bool", ["2*batch", 2]);
      builder.output("y", builder.apply(cast, [flags], { dataType: "int32" }));
      builder.output("z", builder.apply(select, [builder.input("one", "bool", []), x, x]));
    });
    const check = createInputCheck(graph);
    const half: Tensor = { dataType: "float16", shape: [1, 2], data: Uint16Array.of(0x3c00, 0xc000) };
    const given = {
      x: half,
      flags: ints([2, 2], [1, 0, 0, 1]),
      one: { dataType: "bool", shape: [], data: Uint8Array.of(1) } satisfies Tensor,
    };
    const { tensors } = check(given);
    expect(Array.from(tensors.get("x")?.data ?? [])).toEqual([1, -2]);
    expect(tensors.get("flags")).toEqual({ dataType: "bool", shape: [2, 2], data: Uint8Array.of(1, 0, 0, 1) });
    expect(() => check({ ...given, flags: ints([1, 2], [1, 0]) })).toThrow(
      /flags has shape \[1, 2\]; expected \[2, 2\], which is \[2\*batch, 2\]/,
    );
    expect(() => check({ ...given, flags: ints([2, 2], [1, 0, 2, 1]) })).toThrow(/flags holds 2 at \[1, 0\]; a bool is 0 or 1/);
    expect(() => check({ ...given, x: ints([1, 2], [1, 2]) })).toThrow(/x is int32; it takes floating-point numbers/);
  });
});
