import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesSource } from "../bytes/bytes-source.ts";
import { assembledTensor, reshapeTensor, type TensorPiece } from "./assembled-tensor.ts";
import { type DataType, bytesPerElement, elementCount } from "./data-type.ts";
import type { LazyTensor } from "./lazy-tensor.ts";
import { stridedTensor } from "./strided-tensor.ts";
import { transposeTensor } from "./transpose-tensor.ts";

/** The whole tensor, whose every byte is drawn from its place. */
function whole(shape: readonly number[], dataType: DataType): LazyTensor {
  const byteLength = elementCount(shape) * bytesPerElement(dataType);
  const bytes = Uint8Array.from({ length: byteLength }, (_, index) => (index * 37 + (index >> 8)) % 256);
  return stridedTensor({ name: "whole", dataType, shape, storage: { source: bytesSource(bytes), offset: 0, byteLength } });
}

/** A block of it, as a dense tensor of its own or as a view that lies transposed in its storage. */
async function block(tensor: LazyTensor, offsets: readonly number[], shape: readonly number[], transposed: boolean): Promise<TensorPiece> {
  const strides = tensor.storage.strides;
  const elementOffset = offsets.reduce((sum, offset, axis) => sum + offset * (strides[axis] ?? 0), 0);
  const view = stridedTensor({
    name: "block",
    dataType: tensor.dataType,
    shape,
    strides,
    elementOffset: elementCount(shape) === 0 ? 0 : elementOffset,
    storage: tensor.storage.bytes ?? { source: bytesSource(new Uint8Array(0)), offset: 0, byteLength: 0 },
  });
  const laid = transposed && shape.length === 2 ? transposeTensor(view) : view;
  const bytes = await laid.readBytes(0, laid.byteLength);
  const own = stridedTensor({
    name: "own",
    dataType: tensor.dataType,
    shape: laid.shape,
    storage: { source: bytesSource(bytes), offset: 0, byteLength: bytes.byteLength },
  });
  return { offsets, tensor: laid === view ? own : transposeTensor(own) };
}

/** Cuts along every axis, into parts some of which may be empty. */
const cutTensor = fc
  .record({
    axes: fc.array(fc.record({ size: fc.integer({ min: 1, max: 7 }), cuts: fc.array(fc.nat(7), { maxLength: 3 }) }), { maxLength: 4 }),
    dataType: fc.constantFrom<DataType>("uint8", "bfloat16", "float32", "float64"),
    transposed: fc.boolean(),
    seed: fc.nat(),
    range: fc.tuple(fc.nat(), fc.nat()),
  })
  .map(({ axes, ...rest }) => ({
    shape: axes.map(({ size }) => size),
    bounds: axes.map(({ size, cuts }) => [0, ...cuts.map((cut) => Math.min(cut, size)).toSorted((a, b) => a - b), size]),
    ...rest,
  }));

function blocksOf(bounds: readonly (readonly number[])[]): { offsets: number[]; shape: number[] }[] {
  let blocks: { offsets: number[]; shape: number[] }[] = [{ offsets: [], shape: [] }];
  for (const axis of bounds) {
    blocks = blocks.flatMap(({ offsets, shape }) =>
      axis.slice(1).map((end, index) => ({ offsets: [...offsets, axis[index] ?? 0], shape: [...shape, end - (axis[index] ?? 0)] })),
    );
  }
  return blocks;
}

test("blocks in any order are the tensor they were cut from, whole and in every range", async () => {
  await fc.assert(
    fc.asyncProperty(cutTensor, async ({ shape, bounds, dataType, transposed, seed, range }) => {
      const expected = whole(shape, dataType);
      const pieces = await Promise.all(blocksOf(bounds).map(async (cut) => block(expected, cut.offsets, cut.shape, transposed)));
      const turned = [...pieces.slice(seed % pieces.length), ...pieces.slice(0, seed % pieces.length)];
      const tensor = assembledTensor({ name: "whole", dataType, shape, pieces: turned });
      expect(await tensor.read()).toEqual(await expected.read());
      const width = bytesPerElement(dataType);
      const [start = 0, end = 0] = range.map((at) => at % (elementCount(shape) + 1)).toSorted((a, b) => a - b);
      const bytes = await tensor.readBytes(start * width, (end - start) * width);
      expect(bytes).toEqual(new Uint8Array(await expected.readBytes(start * width, (end - start) * width)));
    }),
    { numRuns: 300 },
  );
});

test("a block larger than a window, and a transposition of the whole", async () => {
  const shape = [3000, 1100];
  const expected = whole(shape, "float32");
  const pieces = [await block(expected, [0, 0], [3000, 501], false), await block(expected, [0, 501], [3000, 599], false)];
  const tensor = assembledTensor({ name: "whole", dataType: "float32", shape, pieces });
  const same = async (one: LazyTensor, other: LazyTensor): Promise<boolean> => {
    const [a, b] = await Promise.all([one.read(), other.read()]);
    return Buffer.from(a.data.buffer).equals(Buffer.from(b.data.buffer));
  };
  expect(await same(tensor, expected)).toBe(true);
  expect(await same(transposeTensor(tensor), transposeTensor(expected))).toBe(true);
});

test("a single block is a view of its storage", async () => {
  const expected = whole([4, 3], "float32");
  const tensor = assembledTensor({ name: "named", dataType: "float32", shape: [4, 3], pieces: [{ offsets: [0, 0], tensor: expected }] });
  expect([tensor.name, tensor.storage.identity === expected.storage.identity]).toEqual(["named", true]);
  const empty = assembledTensor({ name: "none", dataType: "float32", shape: [0, 3], pieces: [] });
  expect([empty.shape, (await empty.read()).data.length]).toEqual([[0, 3], 0]);
});

describe("what does not fit is refused by name", () => {
  const piece = (offsets: readonly number[], shape: readonly number[], dataType: DataType = "float32"): TensorPiece => ({
    offsets,
    tensor: whole(shape, dataType),
  });
  test.each([
    ["overlap", [piece([0, 0], [3, 4]), piece([2, 0], [2, 4])], "overlap"],
    ["a gap", [piece([0, 0], [2, 4]), piece([3, 0], [1, 4])], "12 of its 16 elements"],
    ["nothing", [], "0 of its 16 elements"],
    ["a block that leaves it", [piece([0, 0], [2, 4]), piece([2, 1], [2, 4])], "leaves it"],
    ["other dimensions", [piece([0], [16])], "leaves it"],
    ["a negative offset", [piece([-1, 0], [4, 4])], "leaves it"],
    ["another type", [piece([0, 0], [2, 4]), piece([2, 0], [2, 4], "float16")], "float16"],
  ])("%s", (_, pieces, message) => {
    expect(() => assembledTensor({ name: "a.weight", dataType: "float32", shape: [4, 4], pieces })).toThrow(
      expect.objectContaining({ code: "tensor-invalid", message: expect.stringMatching(new RegExp(`"a.weight".*${message}`)) }),
    );
  });

  test("thousands of pieces", () => {
    const pieces = Array.from({ length: 5000 }, (_, index) => piece([index], [1]));
    expect(() => assembledTensor({ name: "a", dataType: "float32", shape: [5000], pieces })).toThrow(
      expect.objectContaining({ code: "limit-exceeded" }),
    );
  });
});

test("another shape has the same elements; a dense tensor stays a view", async () => {
  const dense = whole([2, 6], "float32");
  const view = reshapeTensor(dense, [3, 4]);
  expect([view.shape, view.storage.identity === dense.storage.identity]).toEqual([[3, 4], true]);
  const turned = reshapeTensor(transposeTensor(dense), [12]);
  expect((await turned.read()).data).toEqual((await transposeTensor(dense).read()).data);
  expect(() => reshapeTensor(dense, [5])).toThrow(expect.objectContaining({ code: "tensor-invalid" }));
});
