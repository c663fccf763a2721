import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesSource } from "../../bytes/bytes-source.ts";
import { stridedTensor } from "../../tensor/strided-tensor.ts";
import { extendedPositions } from "./extended-positions.ts";

test("row n is row n, and behind the source's end the rows that stand for positions come again: in any piece, whatever the strides", async () => {
  const sizes = fc.record({
    rows: fc.integer({ min: 3, max: 9 }),
    more: fc.nat(30),
    hidden: fc.integer({ min: 1, max: 4 }),
    reserved: fc.nat(2),
  });
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), fc.nat(), fc.nat(), async ({ rows, more, hidden, reserved }, columnMajor, from, to) => {
      const values = Float32Array.from({ length: rows * hidden }, (_, index) => index + 0.5);
      const source = stridedTensor({
        name: "positions",
        dataType: "float32",
        shape: [rows, hidden],
        strides: columnMajor ? [1, rows] : [hidden, 1],
        storage: { source: bytesSource(new Uint8Array(values.buffer)), offset: 0, byteLength: values.byteLength },
      });
      const at = (row: number, column: number): number => (columnMajor ? column * rows + row : row * hidden + column) + 0.5;
      const long = rows + more;
      const expected = Array.from({ length: long * hidden }, (_, index) => {
        let row = Math.floor(index / hidden);
        while (row >= rows) row -= rows - reserved;
        return at(row, index % hidden);
      });
      const table = extendedPositions(source, long, reserved);
      expect(table.shape).toEqual([long, hidden]);
      expect(Array.from((await table.read()).data, Number)).toEqual(expected);
      const start = from % expected.length;
      const count = to % (expected.length - start + 1);
      const piece = await table.readBytes(start * 4, count * 4);
      expect([...new Float32Array(piece.slice().buffer)]).toEqual(expected.slice(start, start + count));
    }),
  );
});

test("a table of many rows is read in blocks, never whole", async () => {
  const values = new Float32Array(5000 * 2).map((_, index) => index);
  const bytes = bytesSource(new Uint8Array(values.buffer));
  let most = 0;
  const source = {
    ...bytes,
    read: async (...words: Parameters<typeof bytes.read>) => ((most = Math.max(most, words[1])), bytes.read(...words)),
  };
  const table = extendedPositions(
    stridedTensor({ name: "p", dataType: "float32", shape: [5000, 2], storage: { source, offset: 0, byteLength: values.byteLength } }),
    12_000,
    2,
  );
  const { data } = await table.read();
  expect([data[5000 * 2], data[11_999 * 2]]).toEqual([values[2 * 2], values[(2 + ((11_999 - 2) % 4998)) * 2]]);
  expect(most).toBeLessThanOrEqual(1024 * 2 * 4);
});
