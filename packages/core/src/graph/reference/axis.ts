/** A dense shape seen as three: everything before an axis, the axis, everything after. */
export interface AxisView {
  readonly before: number;
  readonly size: number;
  readonly after: number;
}

export function viewAxis(shape: readonly number[], axis: number): AxisView {
  const product = (sizes: readonly number[]): number => sizes.reduce((left, right) => left * right, 1);
  return { before: product(shape.slice(0, axis)), size: shape[axis] ?? 1, after: product(shape.slice(axis + 1)) };
}
