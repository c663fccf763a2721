import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesSource } from "../bytes/bytes-source.ts";
import { floatConversion } from "../tensor/convert-floats.ts";
import { bytesPerElement, type DataType } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";
import { transposeTensor } from "../tensor/transpose-tensor.ts";
import { compareTensors, type TensorComparison } from "./compare-tensors.ts";

function tensorOf(dataType: DataType, shape: readonly number[], bytes: Uint8Array): LazyTensor {
  return stridedTensor({ name: "t", dataType, shape, storage: { source: bytesSource(bytes), offset: 0, byteLength: bytes.length } });
}

/** Floats as the type holds them, and what they are then. */
function floats(dataType: DataType, shape: readonly number[], values: readonly number[]): { tensor: LazyTensor; exact: number[] } {
  const wide = new Uint8Array(Float64Array.from(values).buffer);
  const bytes = new Uint8Array(values.length * bytesPerElement(dataType));
  floatConversion("float64", dataType)(wide, bytes);
  const back = new Float64Array(values.length);
  floatConversion(dataType, "float64")(bytes, new Uint8Array(back.buffer));
  return { tensor: tensorOf(dataType, shape, bytes), exact: [...back] };
}

const compare = async (one: LazyTensor, other: LazyTensor): Promise<TensorComparison> => compareTensors("p", one, other, undefined);

const number = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.float({ noNaN: true, min: -60_000, max: 60_000 }),
);

test("finds every value that differs, and by how much, in any two float types, whichever way they lie", async () => {
  const type = fc.constantFrom<DataType>("float64", "float32", "float16", "bfloat16");
  const cases = fc.record({
    one: fc.array(number, { minLength: 12, maxLength: 12 }),
    changes: fc.array(fc.tuple(fc.nat(11), number), { maxLength: 3 }),
    types: fc.tuple(type, type),
    turned: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ one, changes, types, turned }) => {
      const other = [...one];
      for (const [place, value] of changes) other[place] = value;
      const [left, right] = [floats(types[0], [3, 4], one), floats(types[1], [3, 4], other)];
      const differences = left.exact.map((value, place) => {
        const twin = right.exact[place] ?? 0;
        const absolute = Object.is(value, twin) || value === twin ? 0 : Math.abs(value - twin);
        const largest = Math.max(Math.abs(value), Math.abs(twin));
        return {
          differs: !Object.is(value, twin),
          absolute: Number.isNaN(absolute) ? Number.POSITIVE_INFINITY : absolute,
          relative: absolute === 0 ? 0 : Number.isFinite(largest) ? absolute / largest : Number.POSITIVE_INFINITY,
        };
      });
      const found = await (turned
        ? compare(transposeTensor(left.tensor), transposeTensor(right.tensor))
        : compare(left.tensor, right.tensor));
      expect(found).toEqual({
        name: "p",
        elements: 12,
        differing: differences.filter(({ differs }) => differs).length,
        maxAbsoluteDifference: Math.max(...differences.map(({ absolute }) => absolute)),
        maxRelativeDifference: Math.max(...differences.map(({ relative }) => relative)),
        ...(types[0] === types[1] ? {} : { dataTypes: types }),
      });
    }),
    { numRuns: 300 },
  );
});

describe("integers", () => {
  test.each<[DataType, Uint8Array, Uint8Array, number]>([
    ["int8", Uint8Array.of(255, 5), Uint8Array.of(1, 5), 2],
    ["uint8", Uint8Array.of(255, 5), Uint8Array.of(1, 5), 254],
    ["bool", Uint8Array.of(1, 0), Uint8Array.of(0, 0), 1],
    ["int64", new Uint8Array(BigInt64Array.of(-3n, 2n).buffer), new Uint8Array(BigInt64Array.of(4n, 2n).buffer), 7],
  ])("%s are compared as what they are", async (dataType, one, other, expected) => {
    expect(await compare(tensorOf(dataType, [2], one), tensorOf(dataType, [2], other))).toMatchObject({
      differing: 1,
      maxAbsoluteDifference: expected,
      elements: 2,
    });
  });

  test("with another type they are not compared", async () => {
    const [ints, reals] = [tensorOf("int8", [2], new Uint8Array(2)), floats("float32", [2], [0, 0]).tensor];
    await expect(compare(ints, reals)).rejects.toMatchObject({ code: "data-type-mismatch" });
    await expect(compare(reals, ints)).rejects.toMatchObject({ code: "data-type-mismatch" });
  });
});

test("other shapes are of another model; nothing is nothing's equal", async () => {
  await expect(
    compare(floats("float32", [2, 3], [1, 2, 3, 4, 5, 6]).tensor, floats("float32", [3, 2], [1, 2, 3, 4, 5, 6]).tensor),
  ).rejects.toMatchObject({
    code: "weights-mismatch",
  });
  expect(await compare(floats("float32", [0, 3], []).tensor, floats("float16", [0, 3], []).tensor)).toMatchObject({
    differing: 0,
    elements: 0,
  });
});
