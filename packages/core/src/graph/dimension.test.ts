import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addDimensions,
  dimensionSymbols,
  dimensionTerms,
  divideDimensionUp,
  evaluateDimension,
  isDimension,
  multiplyDimensions,
  shapeSize,
  subtractDimensions,
  type Dimension,
} from "./dimension.ts";

/** A dimension and what it comes to when batch is 3 and sequence is 17. */
const bindings = new Map([
  ["batch", 3],
  ["sequence", 17],
]);
const leaf = fc.oneof(
  fc.constant<readonly [Dimension, number]>(["batch", 3]),
  fc.constant<readonly [Dimension, number]>(["sequence", 17]),
  fc.nat(9).map((size): readonly [Dimension, number] => [size, size]),
);
const { tree } = fc.letrec<{ tree: readonly [Dimension, number] }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.tuple(tie("tree"), tie("tree")).map(([[a, x], [b, y]]): readonly [Dimension, number] => [addDimensions(a, b), x + y]),
    fc.tuple(tie("tree"), tie("tree")).map(([[a, x], [b, y]]): readonly [Dimension, number] => [subtractDimensions(a, b), x - y]),
    fc.tuple(tie("tree"), tie("tree")).map(([[a, x], [b, y]]): readonly [Dimension, number] => [multiplyDimensions(a, b), x * y]),
    fc
      .tuple(tie("tree"), fc.integer({ min: 1, max: 7 }))
      .map(([[a, x], divisor]): readonly [Dimension, number] => [divideDimensionUp(a, divisor), Math.ceil(x / divisor) + 0]),
  ),
}));

describe("dimensions", () => {
  test("come to the numbers they stand for, in one spelling", () => {
    fc.assert(
      fc.property(tree, ([dimension, value]) => {
        fc.pre(String(dimension).length < 200);
        expect(evaluateDimension(dimension, bindings) + 0).toBe(value + 0);
        expect(typeof dimension === "number" || isDimension(dimension)).toBe(true);
        expect(addDimensions(dimension, 0)).toBe(dimension);
        expect(subtractDimensions(dimension, dimension)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test("are spelled the same whatever the order they were made in", () => {
    expect(addDimensions("sequence", "batch", 2, "sequence")).toBe("batch+2*sequence+2");
    expect(multiplyDimensions("sequence", 4, "batch")).toBe("4*batch*sequence");
    expect(multiplyDimensions(addDimensions("sequence", 1), addDimensions("sequence", -1))).toBe("sequence*sequence-1");
    expect(shapeSize(["batch", addDimensions(divideDimensionUp("sequence", 4), 2), 4])).toBe("8*batch+4*batch*ceil(sequence/4)");
  });

  test("divide exactly where they can", () => {
    expect(divideDimensionUp("8*sequence+4", 4)).toBe("2*sequence+1");
    expect(divideDimensionUp("sequence+1", 2)).toBe("ceil((sequence+1)/2)");
    expect(divideDimensionUp(9, 4)).toBe(3);
  });

  test("tell their symbols and terms", () => {
    expect(dimensionSymbols("batch*ceil((sequence+1)/2)-batch")).toEqual(["batch", "sequence"]);
    expect(dimensionTerms("4*ceil(sequence/4)-1")).toEqual([
      { coefficient: 4, factors: [{ kind: "ceiling", dividend: "sequence", divisor: 4 }] },
      { coefficient: -1, factors: [] },
    ]);
  });

  test.each([
    "",
    "+",
    "sequence+",
    "1",
    "2*3",
    "b+a",
    "a*-1",
    "ceil(4*a/2)",
    "ceil(a)",
    "ceil(a/0)",
    "a b",
    "a/2",
    "(a)",
    "a+a",
    "1*a",
    "a-0",
    "ceil(5/2)",
    "🙂",
    "ceil(".repeat(60),
    "9007199254740993*a",
  ])("%j is not one", (text) => expect(isDimension(text)).toBe(false));

  test("need a number for every symbol", () => {
    expect(() => evaluateDimension("batch*choices", bindings)).toThrow('"choices" has no number');
  });
});
