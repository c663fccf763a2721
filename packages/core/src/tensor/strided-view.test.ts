import { expect, test } from "vitest";
import { coalesce } from "./strided-view.ts";

test.each<[string, readonly number[], readonly number[], readonly number[], readonly number[]]>([
  ["dense axes are one", [2, 3, 4], [12, 4, 1], [24], [1]],
  ["axes of one element are left out, whatever their strides", [1, 2, 1, 3], [7, 3, 99, 1], [6], [1]],
  ["a gap between rows keeps them apart", [2, 3], [4, 1], [2, 3], [4, 1]],
  ["columns first stay as they are", [3, 2], [1, 3], [3, 2], [1, 3]],
  ["dense planes of columns first are joined where they can be", [2, 3, 2, 2], [12, 4, 1, 2], [6, 2, 2], [4, 1, 2]],
  ["repeated elements are one axis of them", [3, 4], [0, 0], [12], [0]],
  ["a single element has no axis", [1, 1], [5, 5], [], []],
])("%s", (_name, shape, strides, joinedShape, joinedStrides) => {
  expect(coalesce(shape, strides, 5)).toEqual({ shape: joinedShape, strides: joinedStrides, offset: 5 });
});
