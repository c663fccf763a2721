import { dataType } from "../attribute-parsers.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { graphDataTypes, zeros, type Value, type GraphDataType } from "../value.ts";

/** Another data type: bool gives 0 and 1, float32 loses its fraction (towards zero) as int32, anything but 0 is true. ONNX: Cast. */
export const cast: Operation<[x: Value], { readonly dataType: GraphDataType }> = /*#__PURE__*/ defineOperation({
  name: "cast",
  formula: "out = x as the data type",
  operands: { x: { dataTypes: graphDataTypes } },
  attributes: { dataType },
  rules: [],
  outputTypes: ({ x }, attributes) => [{ dataType: attributes.dataType, shape: x.shape }],
  evaluate({ x }, attributes) {
    const out = zeros(attributes.dataType, x.shape);
    if (attributes.dataType !== "bool") out.data.set(x.data);
    else for (let index = 0; index < x.data.length; index++) out.data[index] = Number(x.data[index] !== 0);
    return [out];
  },
});
