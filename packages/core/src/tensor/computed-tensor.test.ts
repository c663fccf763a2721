import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesSource } from "../bytes/bytes-source.ts";
import { castTensor } from "./cast-tensor.ts";
import { computedTensor, type ComputedTensorOptions } from "./computed-tensor.ts";
import { renameTensor, stridedTensor } from "./strided-tensor.ts";
import { transposeTensor } from "./transpose-tensor.ts";

/** Element n is n. */
function counted(shape: readonly number[], more: Partial<ComputedTensorOptions> = {}): ReturnType<typeof computedTensor> {
  return computedTensor({
    name: "counted",
    dataType: "float64",
    shape,
    inputs: [],
    compute: async ({ start, count }) => Float64Array.from({ length: count }, (_, index) => start + index),
    ...more,
  });
}

test("any range, in any pieces and units, gives the elements in C order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(),
      fc.nat(),
      async (rows, columns, from, to) => {
        const tensor = counted([rows, columns], { unitElements: columns });
        const start = from % (rows * columns);
        const count = to % (rows * columns - start + 1);
        const bytes = await tensor.readBytes(start * 8, count * 8);
        expect([...new Float64Array(bytes.buffer, bytes.byteOffset, count)]).toEqual(
          Array.from({ length: count }, (_, index) => start + index),
        );
      },
    ),
  );
});

test("compute is asked for whole units, and for no more than it takes at a time", async () => {
  const asked: { start: number; count: number }[] = [];
  const tensor = counted([700, 1000], {
    unitElements: 1000,
    async compute({ start, count }) {
      asked.push({ start, count });
      return new Float64Array(count);
    },
  });
  await tensor.readBytes(8 * 1500, 8);
  expect(asked).toEqual([{ start: 1000, count: 1000 }]);
  asked.length = 0;
  await tensor.readBytes(0, tensor.byteLength);
  expect(asked.map(({ count }) => count)).toEqual([262_000, 262_000, 176_000]);
});

test("casting rounds once; renaming, transposing and reading in chunks keep the values", async () => {
  const tensor = counted([2, 3]);
  const { data } = await renameTensor(transposeTensor(castTensor(tensor, "float32")), "other").read();
  expect([...data]).toEqual([0, 3, 1, 4, 2, 5]);
  const found: number[] = [];
  for await (const chunk of tensor.chunks({ chunkBytes: 16 })) found.push(...new Float64Array(chunk.slice().buffer));
  expect(found).toEqual([0, 1, 2, 3, 4, 5]);
});

test("its inputs are handed to the formula, and the buffer it is given is filled", async () => {
  const source = bytesSource(new Uint8Array(Float32Array.of(1, 2, 3).buffer));
  const base = stridedTensor({ name: "base", dataType: "float32", shape: [3], storage: { source, offset: 0, byteLength: 12 } });
  const tensor = computedTensor({
    name: "doubled",
    dataType: "float32",
    shape: [3],
    inputs: [base],
    async compute({ start, count, signal }, [input]) {
      const bytes = await (input ?? base).readBytes(start * 4, count * 4, { signal });
      return new Float32Array(bytes.buffer, bytes.byteOffset, count).map((value) => 2 * value);
    },
  });
  const into = new Uint8Array(20);
  expect((await tensor.readBytes(4, 8, { into })).buffer).toBe(into.buffer);
  expect([...new Float32Array(into.buffer, 0, 2)]).toEqual([4, 6]);
});

describe("identity", () => {
  test("two computed tensors never are one storage, nor are two casts of one", () => {
    const source = bytesSource(new Uint8Array(16));
    const storage = { source, offset: 0, byteLength: 16 };
    const views = [0, 2].map((elementOffset) => stridedTensor({ name: "v", dataType: "float32", shape: [2], elementOffset, storage }));
    const casts = views.map((view) => castTensor(view, "float64"));
    expect(casts[0]?.storage.identity).not.toBe(casts[1]?.storage.identity);
    expect(counted([1]).storage.identity).not.toBe(counted([1]).storage.identity);
  });
});

describe("refusals", () => {
  test.each<[string, readonly number[], Partial<ComputedTensorOptions>]>([
    ["a negative dimension", [-1], {}],
    ["more than 2^53 bytes", [2 ** 30, 2 ** 30], {}],
    ["a unit that does not divide it", [5], { unitElements: 2 }],
  ])("%s", (_name, shape, more) => {
    expect(() => counted(shape, more)).toThrow(expect.objectContaining({ code: "tensor-invalid" }));
  });

  test("a formula that gives too little", async () => {
    const tensor = counted([4], { compute: async () => new Float64Array(3) });
    await expect(tensor.read()).rejects.toMatchObject({ code: "tensor-invalid", details: { expected: 32, found: 24 } });
  });

  test("a range that cuts an element; an interrupted reading", async () => {
    await expect(counted([4]).readBytes(1, 8)).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(counted([4]).readBytes(0, 8, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  });
});
