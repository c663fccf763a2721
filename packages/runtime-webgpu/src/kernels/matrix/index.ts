import type { MatrixShape, MatrixUnits } from "../../kernel/device-facts.ts";
import { deviceMatrices } from "./device-matrices.ts";
import type { MatrixPrimitives } from "./matrix-primitives.ts";
import { plainMatrices } from "./plain-matrices.ts";

export type { MatrixOrder, MatrixPrimitives } from "./matrix-primitives.ts";

/**
 * The primitives in a device's form. Kernels are written over them alone, so that the plain form tests all the rest of their text.
 * `words` names memories of 16-byte vectors: operands' as `vec4<u32>`, eight halves each, sums' as `vec4<f32>`. Places and strides of these are
 * multiples of a vector's elements.
 */
export function matrixPrimitives({ form, lanes }: MatrixUnits, shape: MatrixShape, words: readonly string[] = []): MatrixPrimitives {
  return form === "device" ? deviceMatrices(shape, lanes, words) : plainMatrices(shape, lanes, words);
}
