import { describe, expect, test } from "vitest";
import type { ByteSource } from "../bytes/byte-source.ts";
import { bytesSource } from "../bytes/bytes-source.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { swapByteOrder } from "./byte-order.ts";
import type { LazyTensor } from "./lazy-tensor.ts";
import { stridedTensor } from "./strided-tensor.ts";

interface Read {
  readonly offset: number;
  readonly length: number;
}

/** A source of any size, whose byte at a place tells the place; it notes what is read of it. */
function countedSource(size: number): { readonly source: ByteSource; readonly reads: Read[] } {
  const reads: Read[] = [];
  return {
    reads,
    source: {
      name: "counted",
      size,
      async read(offset, length) {
        reads.push({ offset, length });
        const bytes = new Uint8Array(length);
        // By runs of 2^16: filling is quick.
        for (let at = 0; at < length;) {
          const run = Math.floor((offset + at) / 2 ** 16);
          const end = Math.min(length, (run + 1) * 2 ** 16 - offset);
          bytes.fill(byteOf(run), at, end);
          at = end;
        }
        return bytes;
      },
      close: async () => {},
    },
  };
}

const byteOf = (run: number): number => (run * 7 + 3) % 251;

const mebibyte = 2 ** 20;

describe("a matrix that lies column by column", () => {
  const [rows, columns] = [1000, 600];
  function turned(): { tensor: LazyTensor; reads: Read[] } {
    const bytes = new Uint8Array(Float32Array.from({ length: rows * columns + 7 }, (_, place) => place).buffer);
    const reads: Read[] = [];
    const memory = bytesSource(bytes);
    const source: ByteSource = {
      ...memory,
      async read(offset, length) {
        reads.push({ offset, length });
        return memory.read(offset, length);
      },
    };
    const storage = { source, offset: 8, byteLength: bytes.length - 8 };
    return {
      reads,
      tensor: stridedTensor({ name: "t", dataType: "float32", shape: [rows, columns], strides: [1, rows], elementOffset: 3, storage }),
    };
  }
  const expected = (row: number): number[] => Array.from({ length: columns }, (_, column) => 5 + row + column * rows);

  test("is read once, in order, by a mebibyte at most", async () => {
    const { tensor, reads } = turned();
    const found = new Float32Array((await tensor.readBytes(0, tensor.byteLength)).buffer);
    for (const row of [0, 1, 31, 32, 33, 999]) expect([...found.subarray(row * columns, (row + 1) * columns)]).toEqual(expected(row));
    // 262 columns of 4,000 bytes are the most that a mebibyte holds.
    expect(reads).toEqual([
      { offset: 20, length: 262 * 4000 },
      { offset: 20 + 262 * 4000, length: 262 * 4000 },
      { offset: 20 + 524 * 4000, length: 76 * 4000 },
    ]);
  });

  test("the window that is taken apart is not the one that the next is read to", async () => {
    const { tensor } = turned();
    const own = tensor.storage.bytes?.source as ByteSource;
    const lent: (Uint8Array | undefined)[] = [];
    const filling: ByteSource = {
      name: "filling",
      size: rows * columns * 4,
      async read(offset, length, options = {}) {
        lent.push(options.into);
        const found = await own.read(20 + offset, length);
        const into = options.into?.subarray(0, length) ?? new Uint8Array(length);
        into.set(found);
        return into;
      },
      close: async () => {},
    };
    const storage = { source: filling, offset: 0, byteLength: filling.size };
    const other = stridedTensor({ name: "t", dataType: "float32", shape: [rows, columns], strides: [1, rows], storage });
    const { signal } = new AbortController();
    const taken: number[] = [];
    const scratch = {
      take(byteLength: number) {
        taken.push(byteLength);
        return new Uint8Array(byteLength);
      },
    };
    const found = new Float32Array((await other.readBytes(0, other.byteLength, { scratch, signal })).buffer);
    for (const row of [0, 500, 999]) expect([...found.subarray(row * columns, (row + 1) * columns)]).toEqual(expected(row));
    // Both halves are lent at once, and of no more than two windows.
    expect(taken).toEqual([2 * 262 * 4000]);
    expect(lent.map((into) => into?.byteOffset)).toEqual([0, 262 * 4000, 0]);
  });

  test("some of its rows: of each column but these, where they lie", async () => {
    const { tensor, reads } = turned();
    const found = new Float32Array((await tensor.readBytes(500 * columns * 4, 2 * columns * 4)).buffer);
    expect([...found]).toEqual([...expected(500), ...expected(501)]);
    expect(reads[0]).toEqual({ offset: 20 + 500 * 4, length: (261 * 1000 + 2) * 4 });
    expect(reads.at(-1)).toEqual({ offset: 20 + (524 * 1000 + 500) * 4, length: (75 * 1000 + 2) * 4 });
  });

  test("a part of a row, which is read by itself", async () => {
    const { tensor } = turned();
    const found = new Float32Array((await tensor.readBytes((7 * columns + 590) * 4, 20 * 4)).buffer);
    expect([...found]).toEqual([...expected(7).slice(590), ...expected(8).slice(0, 10)]);
  });

  test("what goes wrong in a later window is the reading's error, and nobody else's", async () => {
    const { tensor } = turned();
    const source = tensor.storage.bytes?.source;
    let count = 0;
    const failing: ByteSource = {
      ...(source as ByteSource),
      async read(offset, length) {
        if (++count > 1) throw new LongspanError("io-failed", "The disk is gone.");
        return (source as ByteSource).read(offset, length);
      },
    };
    const other = stridedTensor({
      name: "t",
      dataType: "float32",
      shape: [rows, columns],
      strides: [1, rows],
      storage: { source: failing, offset: 0, byteLength: rows * columns * 4 },
    });
    await expect(other.readBytes(0, other.byteLength)).rejects.toMatchObject({ code: "io-failed" });
  });
});

describe("a view whose elements lie far apart", () => {
  /** 40 columns, 2^20 bytes from each other. */
  const far = (): { tensor: LazyTensor; reads: Read[] } => {
    const { source, reads } = countedSource(40 * mebibyte);
    const storage = { source, offset: 0, byteLength: source.size };
    return { reads, tensor: stridedTensor({ name: "t", dataType: "uint8", shape: [mebibyte, 40], strides: [1, mebibyte], storage }) };
  };
  const byteAt = (row: number, column: number): number => byteOf(column * 16 + Math.floor(row / 2 ** 16));

  test("is read window by window, of 32 MiB at most, and each element comes from the one it lies in", async () => {
    const { tensor, reads } = far();
    const row = 3 * 2 ** 16 - 1;
    const found = await tensor.readBytes(row * 40 + 30, 30);
    const expected = Array.from({ length: 30 }, (_, at) => (at < 10 ? byteAt(row, 30 + at) : byteAt(row + 1, at - 10)));
    expect([...found]).toEqual(expected);
    expect(reads).toEqual([
      { offset: row, length: 32 * mebibyte },
      { offset: row + 32 * mebibyte, length: 7 * mebibyte + 2 },
    ]);
  });

  test("rows that lie whole, in two windows, each from the one it lies in", async () => {
    const { source, reads } = countedSource(63 * mebibyte);
    const storage = { source, offset: 0, byteLength: source.size };
    const strides = [31 * mebibyte, 1];
    const tensor = stridedTensor({ name: "t", dataType: "uint8", shape: [3, 10], strides, elementOffset: 2 ** 16 - 5, storage });
    const row = (run: number): number[] => [...Array<number>(5).fill(byteOf(run)), ...Array<number>(5).fill(byteOf(run + 1))];
    expect([...(await tensor.readBytes(0, 30))]).toEqual([...row(0), ...row(31 * 16), ...row(62 * 16)]);
    expect(reads.map(({ length }) => length)).toEqual([32 * mebibyte, 30 * mebibyte + 10]);
  });

  test("elements of 8 bytes, in their halves", async () => {
    const { source, reads } = countedSource(40 * mebibyte);
    const storage = { source, offset: 0, byteLength: source.size };
    const tensor = stridedTensor({ name: "t", dataType: "float64", shape: [2 ** 17, 40], strides: [1, 2 ** 17], storage });
    const found = await tensor.readBytes(5 * 40 * 8, 40 * 8);
    expect([...found]).toEqual(Array.from({ length: 40 }, (_, column) => Array.from({ length: 8 }, () => byteOf(column * 16))).flat());
    expect(reads.map(({ length }) => length)).toEqual([32 * mebibyte, 7 * mebibyte + 8]);
  });
});

test("planes, rows and columns in any order, by pieces that begin anywhere", async () => {
  const [planes, rows, columns] = [3, 4, 5];
  const bytes = new Uint8Array(Uint16Array.from({ length: planes * rows * columns }, (_, place) => place * 5 + 1).buffer);
  const storage = { source: bytesSource(bytes), offset: 0, byteLength: bytes.length };
  // Planes lie innermost, then columns, then rows.
  const strides = [1, planes * columns, planes];
  const tensor = stridedTensor({ name: "t", dataType: "uint16", shape: [planes, rows, columns], strides, storage });
  const all = Array.from({ length: planes * rows * columns }, (_, place) => {
    const [plane, row, column] = [Math.floor(place / 20), Math.floor(place / 5) % 4, place % 5];
    return (plane + row * 15 + column * 3) * 5 + 1;
  });
  for (let start = 0; start < all.length; start++) {
    for (const count of [1, 2, 5, 7, 20, 33].filter((each) => start + each <= all.length)) {
      const found = await tensor.readBytes(start * 2, count * 2);
      expect([...new Uint16Array(found.buffer, found.byteOffset, count)]).toEqual(all.slice(start, start + count));
    }
  }
});

describe("byte order", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  test.each([
    [2, [2, 1, 4, 3, 6, 5, 8, 7]],
    [4, [4, 3, 2, 1, 8, 7, 6, 5]],
    [8, [8, 7, 6, 5, 4, 3, 2, 1]],
  ])("elements of %i bytes are turned, and what was given stays", (width, expected) => {
    const given = bytes.slice();
    expect([...swapByteOrder(given, width)]).toEqual(expected);
    expect(given).toEqual(bytes);
  });

  test("into the same bytes, and into a larger buffer", () => {
    const given = bytes.slice();
    expect(swapByteOrder(given, 2, given).buffer).toBe(given.buffer);
    expect([...given]).toEqual([2, 1, 4, 3, 6, 5, 8, 7]);
    const larger = new Uint8Array(10);
    expect([...swapByteOrder(bytes, 4, larger)]).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
    expect([...larger]).toEqual([4, 3, 2, 1, 8, 7, 6, 5, 0, 0]);
    // A part of the same memory is not the same bytes.
    const shared = new Uint8Array(16);
    shared.set(bytes, 8);
    expect([...swapByteOrder(shared.subarray(8), 8, shared.subarray(0, 8))]).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    expect([...shared.subarray(8)]).toEqual([...bytes]);
  });
});
