import { positiveNumber } from "../attribute-parsers.ts";
import { defineOperation, type Operation } from "../operation.ts";
import type { Value } from "../value.ts";

/** Layer normalization over the last axis (Ba, Kiros & Hinton, arXiv 1607.06450), as torch.nn.LayerNorm. ONNX: LayerNormalization, opset 17. */
export const layerNormalization: Operation<[x: Value, scale: Value, shift: Value], { readonly epsilon: number }> =
  /*#__PURE__*/ defineOperation({
    name: "layerNormalization",
    formula: "out[…, i] = (x[…, i] - mean) / √(variance + epsilon) · scale[i] + shift[i], mean and (biased) variance over the last axis",
    operands: { x: { dataTypes: ["float32"] }, scale: { dataTypes: ["float32"] }, shift: { dataTypes: ["float32"] } },
    attributes: { epsilon: positiveNumber },
    rules: [
      { says: "x has an axis", holds: ({ x }) => x.shape.length >= 1 },
      {
        says: "scale and shift have one axis, of the size of x's last",
        holds: ({ x, scale, shift }) =>
          [scale, shift].every((operand) => operand.shape.length === 1 && operand.shape[0] === x.shape.at(-1)),
      },
    ],
    outputTypes: ({ x }) => [x],
    evaluate({ x, scale, shift }, { epsilon }) {
      const size = scale.data.length;
      const out = new Float32Array(x.data.length);
      for (let start = 0; start < out.length; start += size) {
        let sum = 0;
        for (let index = 0; index < size; index++) sum += x.data[start + index] as number;
        const mean = sum / size;
        let squares = 0;
        for (let index = 0; index < size; index++) squares += ((x.data[start + index] as number) - mean) ** 2;
        const inverse = 1 / Math.sqrt(squares / size + epsilon);
        for (let index = 0; index < size; index++) {
          out[start + index] =
            ((x.data[start + index] as number) - mean) * inverse * (scale.data[index] as number) + (shift.data[index] as number);
        }
      }
      return [{ dataType: "float32", shape: x.shape, data: out }];
    },
  });
