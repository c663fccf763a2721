import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stridesInOrder } from "../../test/strides-in-order.ts";
import type { ReadOptions } from "../bytes/byte-source.ts";
import { bytesSource } from "../bytes/bytes-source.ts";
import { castTensor } from "./cast-tensor.ts";
import { bytesPerElement, type DataType } from "./data-type.ts";
import { denseStrides, renameTensor, stridedTensor, type StridedTensorOptions } from "./strided-tensor.ts";
import { transposeTensor } from "./transpose-tensor.ts";

/** A storage whose element number n holds bytes that tell n. */
function storage(elements: number, width: number, byteOrder: "little" | "big" = "little"): StridedTensorOptions["storage"] {
  const bytes = new Uint8Array(elements * width);
  for (let element = 0; element < elements; element++) {
    for (let byte = 0; byte < width; byte++) {
      const at = byteOrder === "little" ? byte : width - 1 - byte;
      bytes[element * width + at] = (element >> (8 * (byte % 4))) & 0xff;
    }
  }
  return { source: bytesSource(bytes), offset: 0, byteLength: bytes.byteLength, byteOrder };
}

/** The slow truth: every element by its index. */
function expectedElements(shape: readonly number[], strides: readonly number[], offset: number): number[] {
  const elements: number[] = [];
  const walk = (axis: number, position: number): void => {
    if (axis === shape.length) elements.push(position);
    else for (let index = 0; index < (shape[axis] ?? 0); index++) walk(axis + 1, position + index * (strides[axis] ?? 0));
  };
  walk(0, offset);
  return elements;
}

function elementsIn(bytes: Uint8Array, width: number): number[] {
  const mask = width === 1 ? 0xff : width === 2 ? 0xffff : 0xffffffff;
  return Array.from({ length: bytes.byteLength / width }, (_, element) => {
    let value = 0;
    for (let byte = 0; byte < Math.min(4, width); byte++) value += (bytes[element * width + byte] ?? 0) * 256 ** byte;
    return value & mask;
  });
}

const view = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 0, maxLength: 4 }),
    order: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
    gap: fc.integer({ min: 1, max: 3 }),
    expanded: fc.boolean(),
    offset: fc.integer({ min: 0, max: 5 }),
    type: fc.constantFrom<DataType>("uint8", "float16", "float32", "float64"),
    byteOrder: fc.constantFrom("little" as const, "big" as const),
  })
  .map(({ shape, order, gap, expanded, ...rest }) => {
    const { strides } = stridesInOrder(shape, order, gap);
    if (expanded && strides.length > 0) strides[0] = 0;
    return { shape, strides, ...rest };
  });

describe("reading through strides", () => {
  test("any view, in any pieces, gives the elements in C order", async () => {
    await fc.assert(
      fc.asyncProperty(view, fc.integer({ min: 1, max: 9 }), async ({ shape, strides, offset, type, byteOrder }, piece) => {
        const width = bytesPerElement(type);
        const expected = expectedElements(shape, strides, offset);
        const tensor = stridedTensor({
          name: "t",
          dataType: type,
          shape,
          strides,
          elementOffset: offset,
          storage: storage(Math.max(...expected) + 1, width, byteOrder),
        });
        const found: number[] = [];
        for await (const chunk of tensor.chunks({ chunkBytes: piece * width })) found.push(...elementsIn(chunk, width));
        const mask = width === 1 ? 0xff : 0xffff;
        expect(found.map((value) => value & mask)).toEqual(expected.map((value) => value & mask));
      }),
      { numRuns: 300 },
    );
  });

  test("a transposed matrix larger than a tile, whole and in odd pieces", async () => {
    const shape = [70, 45];
    const tensor = transposeTensor(stridedTensor({ name: "t", dataType: "float32", shape, storage: storage(70 * 45, 4) }));
    const expected = expectedElements([45, 70], [1, 45], 0);
    expect(elementsIn(await tensor.readBytes(0, tensor.byteLength), 4)).toEqual(expected);
    expect(elementsIn(await tensor.readBytes(13 * 4, 1000 * 4), 4)).toEqual(expected.slice(13, 1013));
    const back = transposeTensor(tensor);
    expect(back.storage.strides).toEqual(denseStrides(shape));
  });

  test("a source whose bytes start at an odd address", async () => {
    const bytes = new Uint8Array(33).map((_, index) => index).subarray(1);
    const source = bytesSource(bytes);
    const tensor = stridedTensor({
      name: "t",
      dataType: "float64",
      shape: [2, 2],
      strides: [1, 2],
      storage: { source, offset: 0, byteLength: 32 },
    });
    const { data } = await tensor.read();
    expect([...new Uint8Array(data.buffer)]).toEqual(
      [0, 2, 1, 3].flatMap((element) => Array.from({ length: 8 }, (_, byte) => element * 8 + byte + 1)),
    );
  });

  test("a view wider than one window is read window by window", async () => {
    const rows = 40;
    const columns = 2 ** 20;
    const source = {
      name: "large",
      size: rows * columns,
      async read(offset: number, length: number) {
        return new Uint8Array(length).map((_, index) => Math.floor((offset + index) / columns));
      },
      close: async () => {},
    };
    const tensor = stridedTensor({
      name: "t",
      dataType: "uint8",
      shape: [columns, rows],
      strides: [1, columns],
      storage: { source, offset: 0, byteLength: source.size },
    });
    expect([...(await tensor.readBytes(5 * rows, rows))]).toEqual(Array.from({ length: rows }, (_, row) => row));
  });
});

describe("refusals", () => {
  test("says so when a tensor is read whole that no memory holds: an expanded one is as large as its file claims", async () => {
    const storage = { source: bytesSource(new Uint8Array(4)), offset: 0, byteLength: 4 };
    const tensor = stridedTensor({ name: "expanded", dataType: "float32", shape: [10 ** 6, 10 ** 6], strides: [0, 0], storage });
    await expect(tensor.read()).rejects.toMatchObject({
      code: "limit-exceeded",
      details: { tensor: "expanded", byteLength: 4 * 10 ** 12 },
    });
    expect((await tensor.readBytes(4 * 10 ** 11, 8)).byteLength).toBe(8);
  });

  const base = { name: "t", dataType: "float32" as const, storage: storage(12, 4) };
  test.each<[string, Partial<StridedTensorOptions>]>([
    ["past the storage", { shape: [13] }],
    ["offset past the storage", { shape: [12], elementOffset: 1 }],
    ["stride past the storage", { shape: [2, 2], strides: [11, 1] }],
    ["negative stride", { shape: [2], strides: [-1] }],
    ["negative dimension", { shape: [-1] }],
    ["fractional dimension", { shape: [1.5] }],
    ["missing stride", { shape: [2, 2], strides: [1] }],
    ["fractional stride", { shape: [2], strides: [0.5] }],
    ["negative offset", { shape: [1], elementOffset: -1 }],
    ["fractional offset", { shape: [1], elementOffset: 0.5 }],
    ["a stride too many", { shape: [2], strides: [1, 1] }],
    ["beyond 2^53", { shape: [2 ** 30, 2 ** 30], strides: [0, 0] }],
    ["an end beyond 2^53", { shape: [2 ** 26, 2], strides: [2 ** 30, 1] }],
  ])("%s", (_, options) => {
    expect(() => stridedTensor({ ...base, shape: [1], ...options })).toThrow(
      expect.objectContaining({ code: "tensor-invalid", message: expect.stringContaining('Tensor "t"') }),
    );
  });

  test.each<[string, Partial<StridedTensorOptions>]>([
    ["to the storage's last byte", { shape: [12] }],
    ["from its last element", { shape: [1], elementOffset: 11 }],
    ["with gaps, to its last element", { shape: [2, 2], strides: [9, 2] }],
    ["of no elements, wherever it lies", { shape: [0, 7], elementOffset: 99 }],
    ["of 2^53 - 8 bytes, which take none of the storage", { dataType: "float64", shape: [2 ** 50 - 1], strides: [0] }],
  ])("but not one %s", (_, options) => {
    expect(() => stridedTensor({ ...base, shape: [1], ...options })).not.toThrow();
  });

  test.each([
    ["before its beginning", -4, 4],
    ["past its end", 44, 8],
    ["from the middle of an element", 2, 4],
    ["to the middle of an element", 0, 6],
    ["of less than nothing", 8, -4],
    ["of no place", Number.NaN, 4],
    ["of no length", 0, Number.POSITIVE_INFINITY],
  ])("a range %s", async (_, offset, length) => {
    for (const strides of [
      [4, 1],
      [1, 3],
    ]) {
      const tensor = stridedTensor({ ...base, shape: [3, 4], strides });
      await expect(tensor.readBytes(offset, length)).rejects.toMatchObject({ code: "argument-invalid", details: { tensor: "t" } });
    }
  });

  test("a range of nothing, at the end, is nothing", async () => {
    const tensor = stridedTensor({ ...base, shape: [3, 4] });
    expect((await tensor.readBytes(48, 0)).byteLength).toBe(0);
  });

  test("an expanded tensor of 10^12 elements is made, since nothing is allocated for it", () => {
    expect(stridedTensor({ ...base, shape: [1e6, 1e6], strides: [0, 0] }).byteLength).toBe(4e12);
  });
});

test("what is read is the caller's: writing to it changes no later reading", async () => {
  for (const byteOrder of ["little", "big"] as const) {
    const tensor = stridedTensor({ name: "t", dataType: "float32", shape: [2, 3], storage: storage(6, 4, byteOrder) });
    const first = await tensor.readBytes(0, 24);
    const kept = first.slice();
    first.fill(0xff);
    expect(await tensor.readBytes(0, 24)).toEqual(kept);
    const { data } = await tensor.read();
    new Uint8Array(data.buffer).fill(1);
    expect(await tensor.readBytes(0, 24)).toEqual(kept);
  }
});

test("a dense tensor is read as it lies: by one reading, to the caller's buffer, while the caller wants it", async () => {
  const given: { offset: number; length: number; options: ReadOptions | undefined }[] = [];
  const source = {
    ...bytesSource(new Uint8Array(100)),
    async read(offset: number, length: number, options?: ReadOptions) {
      given.push({ offset, length, options });
      return (options?.into ?? new Uint8Array(length)).subarray(0, length);
    },
  };
  const own = { source, offset: 10, byteLength: 90 };
  const tensor = stridedTensor({ name: "t", dataType: "float32", shape: [2, 3], elementOffset: 2, storage: own });
  const [into, { signal }] = [new Uint8Array(30), new AbortController()];
  expect((await tensor.readBytes(4, 12, { into, signal })).buffer).toBe(into.buffer);
  expect(given).toEqual([{ offset: 22, length: 12, options: { into, signal } }]);
  expect(given[0]?.options?.into).toBe(into);
});

test("of no elements nothing is read, wherever they would lie", async () => {
  const tensor = stridedTensor({ name: "t", dataType: "float32", shape: [0, 3], elementOffset: 99, storage: storage(6, 4) });
  expect((await tensor.readBytes(0, 0)).byteLength).toBe(0);
  expect((await tensor.read()).data.length).toBe(0);
});

test("another name is all that renaming changes", async () => {
  const tensor = stridedTensor({ name: "t", dataType: "uint16", shape: [3, 2], strides: [1, 3], elementOffset: 1, storage: storage(7, 2) });
  const renamed = renameTensor(tensor, "other");
  const { kind, dataType, shape, byteLength } = tensor;
  expect(renamed).toMatchObject({ kind, name: "other", dataType, shape, byteLength });
  expect(renamed.storage).toBe(tensor.storage);
  expect(await renamed.read()).toEqual(await tensor.read());
  expect(await renamed.readBytes(2, 4)).toEqual(await tensor.readBytes(2, 4));
  const chunks: number[] = [];
  for await (const chunk of renamed.chunks({ chunkBytes: 4 })) chunks.push(...chunk);
  expect(chunks).toEqual([...(await tensor.readBytes(0, 12))]);
});

test("strides of a dense tensor: an axis of no elements counts as one", () => {
  expect(denseStrides([2, 3, 4])).toEqual([12, 4, 1]);
  expect(denseStrides([2, 0, 4])).toEqual([4, 4, 1]);
  expect(denseStrides([])).toEqual([]);
});

describe("transposing", () => {
  test.each([[[]], [[3]], [[1, 2, 3]]])("only a matrix is: %j is not", (shape) => {
    const tensor = stridedTensor({ name: "t", dataType: "uint8", shape, storage: storage(6, 1) });
    expect(() => transposeTensor(tensor)).toThrow(
      expect.objectContaining({ code: "tensor-invalid", message: expect.stringContaining("only a matrix") }),
    );
  });

  test("what is no view of a file is turned by its own order, whatever it is made of", async () => {
    const tensor = stridedTensor({ name: "t", dataType: "float32", shape: [2, 3], storage: storage(6, 4) });
    const whole = await transposeTensor(tensor).read();
    const cast = castTensor(transposeTensor(tensor), "float64");
    expect(Array.from((await transposeTensor(cast).read()).data, Number)).toEqual(Array.from((await tensor.read()).data, Number));
    expect(Array.from((await cast.read()).data, Number)).toEqual(Array.from(whole.data, Number));
  });

  test("a part of a storage stays that part, under the tensor's name", async () => {
    const own = storage(20, 2);
    const tensor = stridedTensor({ name: "t", dataType: "uint16", shape: [2, 3], strides: [5, 2], elementOffset: 4, storage: own });
    const turned = transposeTensor(tensor);
    expect(turned).toMatchObject({ name: "t", dataType: "uint16", shape: [3, 2], storage: { strides: [2, 5], elementOffset: 4 } });
    expect(turned.storage.identity).toBe(own);
    expect(elementsIn(await turned.readBytes(0, 12), 2)).toEqual([4, 9, 6, 11, 8, 13]);
  });
});
