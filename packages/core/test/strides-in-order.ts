/**
 * Strides, in elements, of axes that lie in memory as `order` has them: the axis with the least is the outermost, of equal ones the first. `gap` is the
 * distance of neighbours of the innermost axis.
 * @returns also how many elements the storage has, what lies between them included
 */
export function stridesInOrder(
  shape: readonly number[],
  order: readonly number[],
  gap: number,
): { readonly strides: number[]; readonly length: number } {
  const axes = shape.map((_, axis) => axis).toSorted((one, other) => (order[one] ?? 0) - (order[other] ?? 0) || one - other);
  const strides = shape.map(() => 0);
  let length = gap;
  for (const axis of axes.toReversed()) {
    strides[axis] = length;
    length *= shape[axis] ?? 1;
  }
  return { strides, length };
}
