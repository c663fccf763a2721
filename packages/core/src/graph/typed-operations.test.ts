import { describe, expect, test } from "vitest";
import { oneOf, optional, positiveInteger } from "./attribute-parsers.ts";
import type { NoAttributes } from "./attributes.ts";
import { buildGraph, type GraphBuilder } from "./graph-builder.ts";
import type { Graph } from "./graph.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { operations } from "./operations/standard-operations.ts";
import type { Value } from "./value.ts";

const { activation, concatenate, constant, linear, longformerAttention, softmax } = operations;

/** What does not compile does not work either: each line that the compiler has to refuse also throws. */
function refused(build: (builder: GraphBuilder, x: Value, weight: Value) => void): void {
  expect(() => built(build)).toThrow(/a node is illegal[^]*breaks the rule/);
}

function built(build: (builder: GraphBuilder, x: Value, weight: Value) => void): Graph {
  return buildGraph("g", (builder) => {
    const x = builder.input("x", "float32", ["batch", 2]);
    builder.output("x", x);
    build(builder, x, builder.parameter("weight", [3, 2]));
  });
}

describe("what a node takes follows from its operation's definition", () => {
  test("the number of inputs", () => {
    built((builder, x, weight) => {
      builder.apply(linear, [x, weight]);
      builder.apply(linear, [x, weight, builder.parameter("bias", [3])], {}, "named");
      builder.apply(concatenate, [x, x, x], { axis: 0 });
    });
    // @ts-expect-error linear has a weight
    refused((builder, x) => builder.apply(linear, [x]));
    // @ts-expect-error softmax has one input
    refused((builder, x) => builder.apply(softmax, [x, x]));
    // @ts-expect-error all of attention's inputs are needed
    refused((builder, x) => builder.node(longformerAttention, [x, x, x], { heads: 1, window: 2 }));
  });

  test("the attributes", () => {
    built((builder, x) => {
      builder.apply(activation, [x], { function: "gelu" });
      builder.apply(constant, [], { dataType: "int32", shape: [1], values: [3] });
    });
    // @ts-expect-error there is no such function
    refused((builder, x) => builder.apply(activation, [x], { function: "gelu_new" }));
    // @ts-expect-error it has to be said
    refused((builder, x) => builder.apply(activation, [x]));
    // @ts-expect-error linear has no attributes
    refused((builder, x, weight) => builder.apply(linear, [x, weight], { alpha: 1 }));
    // @ts-expect-error an axis is a number
    refused((builder, x) => builder.apply(concatenate, [x], { axis: "0" }));
    // @ts-expect-error a shape is missing
    refused((builder) => builder.apply(constant, [], { dataType: "int32", values: [3] }));
  });

  test("of an operation of one's own, as its definition says", () => {
    const own = defineOperation({
      name: "own",
      formula: "out = x",
      operands: { x: { dataTypes: ["float32"] }, y: { dataTypes: ["float32"] }, z: { dataTypes: ["float32"], count: "optional" } },
      attributes: { mode: oneOf("fast", "exact"), times: optional(positiveInteger) },
      rules: [{ says: "x is no scalar", holds: ({ x }) => x.shape.length > 0 }],
      outputTypes: ({ x }) => [x],
      evaluate: ({ x }) => [x],
    });
    const spelled: Operation<[x: Value, y: Value, z?: Value], { readonly mode: "fast" | "exact"; readonly times?: number }> = own;
    // @ts-expect-error it has no third input that must be given
    const tooMany: Operation<[x: Value, y: Value, z: Value, more: Value], { readonly mode: "fast" | "exact" }> = own;
    // @ts-expect-error its mode has to be given
    const tooFew: Operation<[x: Value, y: Value], NoAttributes> = own;
    expect([tooMany, tooFew]).toEqual([spelled, spelled]);
    expect(own.attributes).toEqual([
      { name: "mode", expects: "one of fast, exact", optional: false },
      { name: "times", expects: "an integer above 0", optional: true },
    ]);
    expect(own.rules).toEqual(["x is no scalar"]);
    // @ts-expect-error a mode that is none
    refused((builder, x) => builder.apply(own, [x, x], { mode: "slow" }));
  });

  test("a plain operation takes what it is given, and is checked when the node is made", () => {
    const any: Operation = linear;
    refused((builder, x) => builder.apply(any, [x, x, x, x], { anything: 1 }));
  });
});
