import { integer, symbolName, nonNegativeInteger } from "../attribute-parsers.ts";
import { defineOperation, type Operation } from "../operation.ts";
import type { Value } from "../value.ts";

/**
 * Where in each row a number stands, ascending: `nonzero(x == equals)` of torch and numpy, row by row. All rows get as many slots as the
 * row with the most (but at least `minimum`); the slots a row does not need hold its first positions with another number, and `found` is
 * false there. So a row's indices are distinct and always within it. ONNX: Equal, ReduceSum, ReduceMax, TopK.
 *
 * Shapes: x `[batch, length]`, indices and found `[batch, slots]`, where `slots` is the symbol this operation introduces.
 */
export const nonzero: Operation<[x: Value], { readonly equals: number; readonly dimension: string; readonly minimum: number }> =
  /*#__PURE__*/ defineOperation({
    name: "nonzero",
    formula: "indices[b, p] = position of the p-th `equals` in row b of x, found[b, p] = whether there is one",
    operands: { x: { dataTypes: ["int32"] } },
    attributes: { equals: integer, dimension: symbolName, minimum: nonNegativeInteger },
    rules: [
      { says: "x has two axes: batch and length", holds: ({ x }) => x.shape.length === 2 },
      { says: "minimum is 0 or 1", holds: (_, { minimum }) => minimum <= 1 },
    ],
    outputTypes({ x }, { dimension }) {
      const shape = [...x.shape.slice(0, 1), dimension];
      return [
        { dataType: "int32", shape },
        { dataType: "bool", shape },
      ];
    },
    introduces: ({ x }, { equals, dimension, minimum }) => [{ symbol: dimension, meaning: countMeaning(x, equals, minimum) }],
    evaluate({ x }, { equals, minimum }) {
      const [batch = 0, length = 0] = x.shape;
      const positions = Array.from({ length: batch }, (_, row) => {
        const values = x.data.subarray(row * length, (row + 1) * length);
        const all = Array.from(values.keys());
        const hits = all.filter((index) => values[index] === equals);
        return { count: hits.length, ordered: [...hits, ...all.filter((index) => values[index] !== equals)] };
      });
      const slots = Math.max(minimum, ...positions.map(({ count }) => count));
      const shape = [batch, slots];
      return [
        { dataType: "int32", shape, data: Int32Array.from(positions.flatMap(({ ordered }) => ordered.slice(0, slots))) },
        {
          dataType: "bool",
          shape,
          data: Uint8Array.from(positions.flatMap(({ count }) => Array.from({ length: slots }, (_, place) => Number(place < count)))),
        },
      ];
    },
  });

/** The meaning of a dimension that counts how often a number stands in the fullest row of a value. */
export function countMeaning(value: string, equals: number, minimum: number): string {
  return `the most that ${equals} stands in a row of ${value}${minimum === 0 ? "" : `, at least ${minimum}`}`;
}
