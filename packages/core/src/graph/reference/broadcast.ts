import { sameShape, type Dimension, type Shape } from "../dimension.ts";

/**
 * The shape two values broadcast to, as numpy does: aligned at the last axis, a 1 stretches. Undefined when they do not fit.
 * Two different expressions do not fit, even if their numbers might be equal.
 */
export function broadcastShapes(left: Shape, right: Shape): Shape | undefined {
  const rank = Math.max(left.length, right.length);
  const shape: Dimension[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const a = left[axis - rank + left.length] ?? 1;
    const b = right[axis - rank + right.length] ?? 1;
    if (a !== b && a !== 1 && b !== 1) return undefined;
    shape.push(a === 1 ? b : a);
  }
  return shape;
}

/** Elements between neighbours of a dense tensor when it is stretched to `target`: 0 along a stretched axis. */
function broadcastStrides(shape: readonly number[], target: readonly number[]): readonly number[] {
  const strides = target.map(() => 0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    if (size !== 1) strides[axis + target.length - shape.length] = stride;
    stride *= size;
  }
  return strides;
}

/**
 * Calls `visit` for each row (run along the last axis) of the target, with the offset of the row's start in each operand, its offset and
 * length in the target, and each operand's step along it. Operands of the target's own shape are visited in one run.
 */
export function visitRows(
  target: readonly number[],
  operands: readonly (readonly number[])[],
  visit: (offsets: readonly number[], out: number, length: number, steps: readonly number[]) => void,
): void {
  const total = target.reduce((product, size) => product * size, 1);
  if (total === 0) return;
  const offsets = operands.map(() => 0);
  if (operands.every((operand) => sameShape(operand, target)))
    return visit(
      offsets,
      0,
      total,
      operands.map(() => 1),
    );
  const strides = operands.map((operand) => broadcastStrides(operand, target));
  const last = target.length - 1;
  const length = target[last] ?? 1;
  const steps = strides.map((stride) => stride[last] ?? 0);
  const index = target.map(() => 0);
  for (let out = 0; out < total; out += length) {
    visit(offsets, out, length, steps);
    for (let axis = last - 1; axis >= 0; axis--) {
      const size = target[axis] ?? 1;
      const wraps = (index[axis] ?? 0) + 1 === size;
      index[axis] = wraps ? 0 : (index[axis] ?? 0) + 1;
      for (const [operand, stride] of strides.entries()) {
        offsets[operand] = (offsets[operand] ?? 0) + (stride[axis] ?? 0) * (wraps ? 1 - size : 1);
      }
      if (!wraps) break;
    }
  }
}
