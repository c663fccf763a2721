import fc from "fast-check";
import { expect, test } from "vitest";
import type { ByteSource, ScratchBuffer } from "../bytes/byte-source.ts";
import { assembledTensor, concatenatedTensor, reshapeTensor } from "./assembled-tensor.ts";
import { castTensor } from "./cast-tensor.ts";
import { computedTensor } from "./computed-tensor.ts";
import { floatConversion } from "./convert-floats.ts";
import { bytesPerElement, type DataType } from "./data-type.ts";
import type { LazyTensor } from "./lazy-tensor.ts";
import { renameTensor, stridedTensor } from "./strided-tensor.ts";
import { transposeTensor } from "./transpose-tensor.ts";

/** A tensor, and what its values have to be. */
interface Known {
  readonly tensor: LazyTensor;
  readonly values: readonly number[];
}

type Step = (known: Known, seed: number) => Known;

/** A source as strange as one may be: bytes at an odd address, given as a view of its own, or in the buffer that is offered. */
function source(bytes: Uint8Array, kind: number): ByteSource {
  const odd = new Uint8Array(bytes.length + 1);
  odd.set(bytes, 1);
  return {
    name: "odd",
    size: bytes.length,
    async read(offset, length, options = {}) {
      const found = odd.subarray(1 + offset, 1 + offset + length);
      if (kind === 0) return found;
      if (kind === 1 || options.into === undefined) return found.slice();
      const into = options.into.subarray(0, length);
      into.set(found);
      return into;
    },
    close: async () => {},
  };
}

function encoded(values: readonly number[], dataType: DataType): Uint8Array {
  const wide = new Uint8Array(Float64Array.from(values).buffer);
  const bytes = new Uint8Array(values.length * bytesPerElement(dataType));
  floatConversion("float64", dataType)(wide, bytes);
  return bytes;
}

/** Rows of `columns` elements, one after the other, as columns. */
function turned(values: readonly number[], rows: number, columns: number): number[] {
  return values.map((_, place) => values[(place % rows) * columns + Math.floor(place / rows)] as number);
}

/** A part of a known matrix, as a tensor of its own that lies transposed in its storage where `isTurned`. */
function part(
  { tensor, values }: Known,
  fromRow: number,
  fromColumn: number,
  rows: number,
  columns: number,
  isTurned: boolean,
): LazyTensor {
  const width = tensor.shape[1] ?? 0;
  const own = Array.from({ length: rows * columns }, (_, place) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    return values[(fromRow + row) * width + fromColumn + column] as number;
  });
  const bytes = encoded(isTurned ? turned(own, rows, columns) : own, tensor.dataType);
  const plain = stridedTensor({
    name: "part",
    dataType: tensor.dataType,
    shape: isTurned ? [columns, rows] : [rows, columns],
    storage: { source: source(bytes, rows), offset: 0, byteLength: bytes.length },
  });
  return isTurned ? transposeTensor(plain) : plain;
}

const steps: Readonly<Record<string, Step>> = {
  transpose({ tensor, values }) {
    const [rows, columns] = tensor.shape as [number, number];
    return { tensor: transposeTensor(tensor), values: turned(values, rows, columns) };
  },
  reshape({ tensor, values }, seed) {
    const divisors = Array.from({ length: values.length }, (_, one) => one + 1).filter((one) => values.length % one === 0);
    const rows = divisors[seed % divisors.length] as number;
    return { tensor: reshapeTensor(tensor, [rows, values.length / rows]), values };
  },
  widen: ({ tensor, values }) => ({ tensor: castTensor(tensor, "float64"), values }),
  narrow: ({ tensor, values }, seed) => ({ tensor: castTensor(tensor, seed % 2 === 0 ? "float16" : "bfloat16"), values }),
  rename: ({ tensor, values }) => ({ tensor: renameTensor(tensor, "renamed"), values }),
  compute: ({ tensor, values }) => ({
    tensor: computedTensor({
      name: "computed",
      dataType: tensor.dataType,
      shape: tensor.shape,
      inputs: [tensor],
      unitElements: tensor.shape[1] as number,
      async compute({ start, count, signal }, [input = tensor]) {
        const width = bytesPerElement(input.dataType);
        return input.readBytes(start * width, count * width, { signal });
      },
    }),
    values,
  }),
  cut(known, seed) {
    const [rows, columns] = known.tensor.shape as [number, number];
    const [row, column] = [seed % (rows + 1), Math.floor(seed / 7) % (columns + 1)];
    const pieces = [
      [0, 0, row, column],
      [0, column, row, columns - column],
      [row, 0, rows - row, column],
      [row, column, rows - row, columns - column],
    ].map(([fromRow = 0, fromColumn = 0, height = 0, width = 0], index) => ({
      offsets: [fromRow, fromColumn],
      tensor: part(known, fromRow, fromColumn, height, width, (seed + index) % 2 === 0),
    }));
    return {
      tensor: assembledTensor({ name: "cut", dataType: known.tensor.dataType, shape: known.tensor.shape, pieces }),
      values: known.values,
    };
  },
  follow(known, seed) {
    const [rows, columns] = known.tensor.shape as [number, number];
    const row = seed % (rows + 1);
    const pieces = [part(known, 0, 0, row, columns, seed % 3 === 0), part(known, row, 0, rows - row, columns, seed % 3 === 1)];
    return { tensor: concatenatedTensor("followed", known.tensor.shape, pieces), values: known.values };
  },
};

async function valuesIn(bytes: Uint8Array, dataType: DataType): Promise<number[]> {
  const wide = new Uint8Array((bytes.length / bytesPerElement(dataType)) * 8);
  floatConversion(dataType, "float64")(bytes.slice(), wide);
  return [...new Float64Array(wide.buffer)];
}

test("views of views, of any kind, have the values of what they view, whole and in any range, wherever these are read to", async () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 7 }),
    columns: fc.integer({ min: 1, max: 9 }),
    dataType: fc.constantFrom<DataType>("float64", "float32", "bfloat16"),
    byteOrder: fc.constantFrom("little" as const, "big" as const),
    kind: fc.nat(2),
    chain: fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat(1000)), { maxLength: 6 }),
    range: fc.tuple(fc.nat(), fc.nat()),
    address: fc.nat(7),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, columns, dataType, byteOrder, kind, chain, range, address }) => {
      const values = Array.from({ length: rows * columns }, (_, place) => ((place * 37) % 255) - 127);
      const bytes = encoded(values, dataType);
      const width = bytesPerElement(dataType);
      if (byteOrder === "big") for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
      const storage = { source: source(bytes, kind), offset: 0, byteLength: bytes.length, byteOrder };
      let known: Known = { tensor: stridedTensor({ name: "first", dataType, shape: [rows, columns], storage }), values };
      for (const [name, seed] of chain) known = (steps[name] as Step)(known, seed);
      const { tensor } = known;
      const whole = await tensor.read();
      expect(await valuesIn(new Uint8Array(whole.data.buffer, whole.data.byteOffset, whole.data.byteLength), tensor.dataType)).toEqual(
        known.values,
      );
      const [start = 0, end = 0] = range.map((at) => at % (known.values.length + 1)).toSorted((one, other) => one - other);
      const size = bytesPerElement(tensor.dataType);
      // A buffer at any address, larger than what is asked for; scratch that held something else.
      const into = new Uint8Array(address + (end - start) * size + 3).fill(0xee).subarray(address);
      const scratch: ScratchBuffer = { take: (length) => new Uint8Array(length).fill(0xdd) };
      const found = await tensor.readBytes(start * size, (end - start) * size, { into, scratch });
      expect(await valuesIn(found, tensor.dataType)).toEqual(known.values.slice(start, end));
      expect([...into.subarray((end - start) * size)]).toEqual([0xee, 0xee, 0xee]);
    }),
    { numRuns: 400 },
  );
});
