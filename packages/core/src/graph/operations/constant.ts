import { dataType, numberList, shape } from "../attribute-parsers.ts";
import { shapeSize, type Shape } from "../dimension.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { zeros, type GraphDataType } from "../value.ts";

/** Values written in the graph itself; meant for a few. ONNX: an initializer, or Constant. */
export const constant: Operation<[], { readonly dataType: GraphDataType; readonly shape: Shape; readonly values: readonly number[] }> =
  /*#__PURE__*/ defineOperation({
    name: "constant",
    formula: "out = values, in C order",
    operands: {},
    attributes: { dataType, shape, values: numberList },
    rules: [
      { says: "its shape is made of numbers", holds: (_, attributes) => attributes.shape.every((size) => typeof size === "number") },
      {
        says: "it has as many values as its shape has elements",
        holds: (_, attributes) => shapeSize(attributes.shape) === attributes.values.length,
      },
      {
        says: "each value is one of its data type (int32: whole, in 32 bits; bool: 0 or 1)",
        holds: (_, attributes) =>
          attributes.values.every(
            (value) =>
              attributes.dataType === "float32" || (attributes.dataType === "int32" ? (value | 0) === value : value === 0 || value === 1),
          ),
      },
    ],
    outputTypes: (_, attributes) => [{ dataType: attributes.dataType, shape: attributes.shape }],
    evaluate(_, attributes) {
      const out = zeros(attributes.dataType, attributes.shape.map(Number));
      out.data.set(attributes.values);
      return [out];
    },
  });
