import { shape } from "../attribute-parsers.ts";
import { evaluateShape, shapeSize, type Shape } from "../dimension.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { graphDataTypes, type Value } from "../value.ts";

/** The same elements in the same C order under another shape. ONNX: Reshape. */
export const reshape: Operation<[x: Value], { readonly shape: Shape }> = /*#__PURE__*/ defineOperation({
  name: "reshape",
  formula: "out = x, its elements in C order under the shape",
  operands: { x: { dataTypes: graphDataTypes } },
  attributes: { shape },
  rules: [
    { says: "the shape has as many elements as x", holds: ({ x }, attributes) => shapeSize(x.shape) === shapeSize(attributes.shape) },
  ],
  outputTypes: ({ x }, attributes) => [{ dataType: x.dataType, shape: attributes.shape }],
  evaluate: ({ x }, attributes, dimensions) => [{ ...x, shape: evaluateShape(attributes.shape, dimensions) }],
});
