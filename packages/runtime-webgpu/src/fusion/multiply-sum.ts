import { attributeParsers, defineOperation, sameShape, type Operation } from "@longspan/core/graph";

/**
 * Integers times a sum, in one loop: what a Longformer's graph makes of its masks (`attention_mask · (global_attention_mask + 1)`), which the host computes
 * before the GPU can begin.
 */
export const multiplySum: Operation = /*#__PURE__*/ defineOperation({
  name: "multiplySum",
  formula: "out = x · (y + addend), element by element, in 32 bits",
  operands: { x: { dataTypes: ["int32"] }, y: { dataTypes: ["int32"] } },
  attributes: { addend: attributeParsers.integer },
  rules: [
    { says: "x and y have one shape", holds: ({ x, y }) => sameShape(x.shape, y.shape) },
    { says: "addend is of 32 bits", holds: (_, { addend }) => (addend | 0) === addend },
  ],
  outputTypes: ({ x }) => [x],
  evaluate: ({ x, y }, { addend }) => [{ dataType: "int32", shape: x.shape, data: timesSum(x.data, y.data, addend) }],
});

function timesSum(x: Int32Array, y: Int32Array, addend: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(x.length);
  for (let index = 0; index < out.length; index++) out[index] = (x[index] as number) * (((y[index] as number) + addend) | 0);
  return out;
}
