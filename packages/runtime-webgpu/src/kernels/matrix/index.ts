import type { MatrixShape } from "../../kernel/device-facts.ts";
import { deviceMatrices } from "./device-matrices.ts";
import type { MadeMatrixUnits, MatrixPrimitives } from "./matrix-primitives.ts";

export {
  nameOfMemory,
  type MadeMatrixUnits,
  type MakeMatrices,
  type MatrixMemory,
  type MatrixOrder,
  type MatrixPrimitives,
} from "./matrix-primitives.ts";

/**
 * The primitives of matrix units. Kernels are written over them alone, so that others than the device's test all the rest of their text.
 * `words` names memories of 16-byte vectors: operands' as `vec4<u32>`, eight halves each, sums' as `vec4<f32>`. Places and strides of these are
 * multiples of a vector's elements.
 */
export function matrixPrimitives(
  { make = deviceMatrices, lanes }: Pick<MadeMatrixUnits, "make" | "lanes">,
  shape: MatrixShape,
  words: readonly string[] = [],
): MatrixPrimitives {
  return make(shape, lanes, words);
}
