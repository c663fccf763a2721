import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Attributes } from "../attributes.ts";
import type { Operation } from "../operation.ts";
import type { GraphTensor } from "../value.ts";
import { activationFunctions } from "./activation.ts";
import * as operations from "./index.ts";
import { standardOperations } from "./standard-operations.ts";

const float = (shape: readonly number[], values: readonly number[]): GraphTensor => ({
  dataType: "float32",
  shape,
  data: Float32Array.from(values),
});
const int = (shape: readonly number[], values: readonly number[]): GraphTensor => ({
  dataType: "int32",
  shape,
  data: Int32Array.from(values),
});
const bool = (shape: readonly number[], values: readonly number[]): GraphTensor => ({
  dataType: "bool",
  shape,
  data: Uint8Array.from(values),
});
const evaluate = (operation: Operation, inputs: readonly GraphTensor[], attributes: Attributes = {}): readonly GraphTensor[] => {
  expect(operation.check(inputs, attributes)).toBe(undefined);
  const outputs = operation.evaluate(inputs, attributes, new Map([["sequence", 3]]));
  for (const [index, type] of operation.outputTypes(inputs, attributes).entries()) expect(outputs[index]?.dataType).toBe(type.dataType);
  return outputs;
};
const numbers = (tensor: GraphTensor | undefined): readonly number[] => Array.from(tensor?.data ?? []);
const expectClose = (tensor: GraphTensor | undefined, shape: readonly number[], expected: readonly number[]): void => {
  expect(tensor?.shape).toEqual(shape);
  expect(tensor?.data.length).toBe(expected.length);
  for (const [index, value] of expected.entries())
    expect(Math.abs(Number(tensor?.data[index]) - value)).toBeLessThanOrEqual(3e-7 * Math.max(1, Math.abs(value)));
};

/** What torch gives for the activation functions, in float64: fixtures/make_activations.py. */
const recordedActivations = JSON.parse(
  readFileSync(new URL("../../../../../fixtures/graph/activations.json", import.meta.url), "utf8"),
) as { readonly points: readonly number[]; readonly functions: Readonly<Record<string, readonly number[]>> };

const x = float([2, 3], [1, 2, 3, 4, 5, 7.5]);

test("operations go by the names under which they are listed", () => {
  expect(Object.values(operations).map(({ name }) => name)).toEqual(Object.keys(operations));
});

describe("operations, against numbers from torch 2.13 in float64", () => {
  test.each(activationFunctions)("activation %s", (name) => {
    const { points, functions } = recordedActivations;
    expect(functions, `fixtures/make_activations.py lacks the function "${name}"`).toHaveProperty([name]);
    const [out] = evaluate(operations.activation, [float([points.length], points)], { function: name });
    expectClose(out, [points.length], functions[name] ?? []);
  });

  test("softmax", () => {
    expectClose(
      evaluate(operations.softmax, [x])[0],
      [2, 3],
      [0.0900305732, 0.244728471, 0.665240956, 0.0271490261, 0.0737987043, 0.89905227],
    );
  });

  test("layerNormalization", () => {
    const [out] = evaluate(operations.layerNormalization, [x, float([3], [1, 0.5, 2]), float([3], [0, 1, -1])], { epsilon: 1e-5 });
    expectClose(out, [2, 3], [-1.22473569, 1, 1.44947137, -1.01904698, 0.830158837, 1.71745861]);
  });

  test("linear", () => {
    const [out] = evaluate(operations.linear, [x, float([2, 3], [1, 0, -1, 0.5, 2, 0]), float([2], [10, -10])]);
    expectClose(out, [2, 2], [8, -5.5, 6.5, 2]);
  });

  test("matMul, one matrix for a stack", () => {
    const left = float([2, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const [out] = evaluate(operations.matMul, [left, float([3, 2], [-2, -1, 0, 1, 2, 3])]);
    expectClose(out, [2, 2, 2], [4, 7, 4, 16, 4, 25, 4, 34]);
  });
});

describe("operations, by hand", () => {
  test("arithmetic stretches sizes of 1 from the last axis", () => {
    const column = float([2, 1], [10, 20]);
    expectClose(evaluate(operations.add, [x, column])[0], [2, 3], [11, 12, 13, 24, 25, 27.5]);
    expectClose(evaluate(operations.subtract, [column, float([3], [1, 2, 3])])[0], [2, 3], [9, 8, 7, 19, 18, 17]);
    expectClose(evaluate(operations.multiply, [float([], [2]), x])[0], [2, 3], [2, 4, 6, 8, 10, 15]);
    expectClose(evaluate(operations.divide, [x, column])[0], [2, 3], [0.1, 0.2, 0.3, 0.2, 0.25, 0.375]);
    expect(numbers(evaluate(operations.divide, [int([3], [7, -7, 6]), int([], [2])])[0])).toEqual([3, -3, 3]);
  });

  test("embedding takes rows, and refuses ids beyond the table", () => {
    const table = float([2, 2], [1, 2, 3, 4]);
    expectClose(evaluate(operations.embedding, [int([3], [1, 0, 1]), table])[0], [3, 2], [3, 4, 1, 2, 3, 4]);
    expect(() => evaluate(operations.embedding, [int([1], [2]), table])).toThrow(/The id 2 is beyond the 2 rows/);
  });

  test("movements", () => {
    expectClose(evaluate(operations.transpose, [x], { permutation: [1, 0] })[0], [3, 2], [1, 4, 2, 5, 3, 7.5]);
    const cube = float([2, 1, 3], [1, 2, 3, 4, 5, 6]);
    expectClose(evaluate(operations.transpose, [cube], { permutation: [2, 0, 1] })[0], [3, 2, 1], [1, 4, 2, 5, 3, 6]);
    expectClose(evaluate(operations.slice, [x], { axis: 1, start: 1, end: 3 })[0], [2, 2], [2, 3, 5, 7.5]);
    expectClose(evaluate(operations.pad, [x], { axis: 1, before: 1, after: 1, value: 9 })[0], [2, 5], [9, 1, 2, 3, 9, 9, 4, 5, 7.5, 9]);
    expectClose(evaluate(operations.concatenate, [x, float([2, 1], [8, 9])], { axis: 1 })[0], [2, 4], [1, 2, 3, 8, 4, 5, 7.5, 9]);
    expectClose(evaluate(operations.reshape, [x], { shape: [3, 2] })[0], [3, 2], numbers(x));
    expectClose(evaluate(operations.reduceSum, [x], { axis: 0 })[0], [1, 3], [5, 7, 10.5]);
  });

  test("masks", () => {
    expect(numbers(evaluate(operations.bandMask, [], { rows: 2, columns: 4, lower: 0, upper: 2 })[0])).toEqual([1, 1, 1, 0, 0, 1, 1, 1]);
    expect(numbers(evaluate(operations.equal, [int([2, 2], [1, 2, 3, 1]), int([], [1])])[0])).toEqual([1, 0, 0, 1]);
    expect(numbers(evaluate(operations.cast, [bool([2], [1, 0])], { dataType: "float32" })[0])).toEqual([1, 0]);
    const kept = evaluate(operations.select, [bool([2], [1, 0]), float([2], [1, Number.NaN]), float([2], [Number.NaN, 4])])[0];
    expect(numbers(kept)).toEqual([1, 4]);
  });

  test("nonzero fills up with positions of other numbers", () => {
    const [indices, found] = evaluate(operations.nonzero, [int([2, 4], [2, 0, 2, 1, 1, 1, 1, 2])], {
      equals: 2,
      dimension: "slots",
      minimum: 1,
    });
    expect([indices?.shape, numbers(indices)]).toEqual([
      [2, 2],
      [0, 2, 3, 0],
    ]);
    expect([found?.shape, numbers(found)]).toEqual([
      [2, 2],
      [1, 1, 1, 0],
    ]);
    expect(evaluate(operations.nonzero, [int([1, 3], [1, 1, 1])], { equals: 2, dimension: "slots", minimum: 0 })[0]?.shape).toEqual([1, 0]);
  });

  test("gatherRows and scatterRows", () => {
    const rows = float([2, 2, 1], [1, 2, 3, 4]);
    expectClose(evaluate(operations.gatherRows, [rows, int([2, 1], [1, 0])])[0], [2, 1, 1], [2, 3]);
    expectClose(evaluate(operations.scatterRows, [rows, int([2, 1], [1, 0]), float([2, 1, 1], [8, 9])])[0], [2, 2, 1], [1, 8, 9, 4]);
  });

  test("each breaks a rule when its inputs do not fit", () => {
    const wrong: readonly (readonly [Operation, readonly GraphTensor[], Attributes])[] = [
      [operations.constant, [], { dataType: "int32", shape: [1], values: [0.5] }],
      [operations.constant, [], { dataType: "float32", shape: [2], values: [1] }],
      [operations.bandMask, [], { rows: 2, columns: 2, lower: 1, upper: 0 }],
      [operations.embedding, [x, x], {}],
      [operations.linear, [x, float([2, 2], [1, 2, 3, 4])], {}],
      [operations.linear, [x, float([2, 3], numbers(x)), float([3], [1, 2, 3])], {}],
      [operations.matMul, [x, x], {}],
      [operations.add, [x, float([2], [1, 2])], {}],
      [operations.add, [x, int([], [1])], {}],
      [operations.subtract, [x], {}],
      [operations.multiply, [x, x, x], {}],
      [operations.divide, [bool([1], [1]), x], {}],
      [operations.activation, [x], { function: "no-such-function" }],
      [operations.softmax, [float([], [1])], {}],
      [operations.layerNormalization, [x, float([2], [1, 1]), float([3], [1, 1, 1])], { epsilon: 1e-5 }],
      [operations.layerNormalization, [x, float([3], [1, 1, 1]), float([3], [1, 1, 1])], { epsilon: 0 }],
      [operations.reshape, [x], { shape: [4, 2] }],
      [operations.transpose, [x], { permutation: [0, 0] }],
      [operations.slice, [x], { axis: 2, start: 0, end: 1 }],
      [operations.slice, [x], { axis: 1, start: 0, end: 4 }],
      [operations.slice, [x], { axis: 1, start: 2, end: 1 }],
      [operations.concatenate, [x, float([3, 3], numbers(x))], { axis: 1 }],
      [operations.concatenate, [], { axis: 1 }],
      [operations.pad, [x], { axis: 0, before: -1, after: 0, value: 0 }],
      [operations.cast, [x], { dataType: "float16" }],
      [operations.equal, [x, x], {}],
      [operations.select, [x, x, x], {}],
      [operations.reduceSum, [x], { axis: 2 }],
      [operations.nonzero, [int([3], [1, 2, 3])], { equals: 1, dimension: "slots", minimum: 0 }],
      [operations.nonzero, [int([1, 3], [1, 2, 3])], { equals: 1, dimension: "2slots", minimum: 0 }],
      [operations.gatherRows, [x, int([1, 1], [0])], {}],
      [operations.scatterRows, [x, int([2, 1], [0, 0]), float([2, 2], [1, 2, 3, 4])], {}],
      [operations.longformerAttention, [x], { heads: 2, window: 4 }],
    ];
    for (const [operation, inputs, attributes] of wrong)
      expect([operation.name, operation.check(inputs, attributes)]).not.toEqual([operation.name, undefined]);
    expect([...standardOperations.keys()].filter((name) => !wrong.some(([operation]) => operation.name === name))).toEqual([]);
  });
});
