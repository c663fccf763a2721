import { expect, test } from "vitest";
import { bytesSource } from "../bytes/bytes-source.ts";
import { castTensor } from "../tensor/cast-tensor.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";
import { transposeTensor } from "../tensor/transpose-tensor.ts";
import { compareTensors } from "./compare-tensors.ts";
import { tensorCopier } from "./copy-tensor.ts";

// 8 MB: more than one piece.
const [rows, columns] = [2048, 1024];
const values = Float32Array.from({ length: rows * columns }, (_, index) => index % 1009);

/** A matrix, and how often its bytes were read. */
function countedMatrix(): { readonly matrix: LazyTensor; readonly readings: () => number } {
  let bytes = 0;
  const source = bytesSource(new Uint8Array(values.buffer), "matrix");
  const counting: typeof source = {
    ...source,
    read(offset, length, options) {
      bytes += length;
      return source.read(offset, length, options);
    },
  };
  const storage = { source: counting, offset: 0, byteLength: values.byteLength };
  return {
    matrix: stridedTensor({ name: "w", dataType: "float32", shape: [rows, columns], storage }),
    readings: () => bytes / values.byteLength,
  };
}

async function copy(tensor: LazyTensor): Promise<void> {
  const copier = tensorCopier({});
  await copier.copy(tensor, { write: async () => {}, close: async () => {} });
  await copier.finish();
}

test.each<readonly [string, (matrix: LazyTensor) => Promise<unknown>]>([
  ["read", (matrix) => transposeTensor(matrix).read()],
  ["read in another type", (matrix) => castTensor(transposeTensor(matrix), "float16").read()],
  ["copied", (matrix) => copy(transposeTensor(matrix))],
  ["copied in another type", (matrix) => copy(castTensor(transposeTensor(matrix), "bfloat16"))],
  ["compared", (matrix) => compareTensors("w", transposeTensor(matrix), transposeTensor(countedMatrix().matrix), undefined)],
])("a matrix that is turned is fetched once when it is %s", async (_what, use) => {
  const { matrix, readings } = countedMatrix();
  await use(matrix);
  expect(readings()).toBeGreaterThanOrEqual(1);
  expect(readings()).toBeLessThan(1.01);
});
