import { expect, test } from "vitest";
import type { PlannedOutput } from "./graph-plan.ts";
import { placeReadback } from "./place-readback.ts";

const mebibyte = 2 ** 20;

function output(name: string, byteLength: number, source: PlannedOutput["source"] = "work"): PlannedOutput {
  return { name, dataType: "float32", shape: [byteLength / 4], source, root: `${name} itself`, byteLength };
}

test("small outputs share a buffer, each at a place that can be mapped", () => {
  expect(
    placeReadback([output("a", 100), output("known", 8, "host"), output("weight", 4, "parameter"), output("empty", 0, "none")]),
  ).toEqual([
    {
      byteLength: 512,
      pieces: [
        { output: "a", root: "a itself", from: 0, offset: 0, byteLength: 100 },
        { output: "weight", root: "weight itself", from: 0, offset: 256, byteLength: 4 },
      ],
    },
  ]);
  expect(placeReadback([])).toEqual([]);
});

test("what is longer than is read at once goes through several buffers, and all of it once", () => {
  const outputs = [output("hidden", 9 * mebibyte + 4), output("flags", 8), output("more", 4 * mebibyte)];
  const buffers = placeReadback(outputs);
  expect(buffers.map(({ byteLength }) => byteLength)).toEqual([4 * mebibyte, 4 * mebibyte, 4 * mebibyte, mebibyte + 512]);
  for (const { name, byteLength } of outputs) {
    const pieces = buffers.flatMap((buffer) => buffer.pieces.filter((piece) => piece.output === name));
    let end = 0;
    for (const piece of pieces) {
      expect(piece.from).toBe(end);
      end += piece.byteLength;
    }
    expect(end).toBe(byteLength);
  }
  for (const { byteLength, pieces } of buffers)
    for (const [at, piece] of pieces.entries()) {
      expect(piece.offset % 256).toBe(0);
      expect(piece.offset + piece.byteLength).toBeLessThanOrEqual(pieces[at + 1]?.offset ?? byteLength);
    }
});
