import { place } from "../graph/raw-tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A value passes when `|actual - expected| <= absolute + relative · |expected|`, as in numpy's allclose. */
export interface Tolerance {
  /** Largest difference that is allowed of any element … */
  readonly absolute: number;
  /** … and what is allowed beyond it, as a share of the expected element's magnitude. */
  readonly relative: number;
}

/**
 * What is different between two tensors, in a sentence, or undefined when they agree: data type and shape exactly, values within the
 * tolerance, NaN nowhere. Made for `expect(tensorDifference(…)).toBe(undefined)`, whose failure then says everything.
 */
export function tensorDifference(actual: Tensor | undefined, expected: Tensor, tolerance: Tolerance): string | undefined {
  if (actual === undefined) return "it is missing";
  if (actual.dataType !== expected.dataType) return `it is ${actual.dataType}, not ${expected.dataType}`;
  if (String(actual.shape) !== String(expected.shape))
    return `its shape is [${actual.shape.join(", ")}], not [${expected.shape.join(", ")}]`;
  if (actual.data.length !== expected.data.length) return `it has ${actual.data.length} values, not ${expected.data.length}`;
  let wrong = 0;
  let worst = { excess: 0, index: 0, found: 0, wanted: 0 };
  for (let index = 0; index < expected.data.length; index++) {
    const found = Number(actual.data[index]);
    const wanted = Number(expected.data[index]);
    const excess = Math.abs(found - wanted) - tolerance.absolute - tolerance.relative * Math.abs(wanted);
    if (excess <= 0) continue;
    wrong++;
    if (wrong === 1 || !(excess <= worst.excess)) worst = { excess, index, found, wanted };
  }
  if (wrong === 0) return undefined;
  return `${wrong} of ${expected.data.length} values differ; worst at ${place(worst.index, expected.shape)}: ${worst.found}, not ${worst.wanted} (tolerance ${tolerance.absolute} + ${tolerance.relative} of it)`;
}
