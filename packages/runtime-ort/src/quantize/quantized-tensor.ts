import { bytesPerElement, castTensor, type ByteSink, type LazyTensor } from "@longspan/core";
import type { StoredTensor } from "../file/stored-tensor.ts";
import { quantizedNames } from "./quantize-graph.ts";
import { quantizeRows, rowScales } from "./quantize-rows.ts";

/** About so many bytes of float32 are in memory at once. */
const pieceBytes = 4 * 2 ** 20;

/**
 * The two initializers that stand for a matrix: its codes and its scales, quantized while they are written.
 * @param tensor floats, `[rows, columns]`
 */
export function quantizedTensor(tensor: LazyTensor, signal: AbortSignal | undefined): readonly StoredTensor[] {
  const { codes, scales } = quantizedNames(tensor.name);
  const [rows = 0, columns = 0] = tensor.shape;
  const floats = castTensor(tensor, "float32");

  async function* pieces(): AsyncGenerator<Float32Array> {
    const rowBytes = columns * bytesPerElement("float32");
    const step = Math.max(1, Math.floor(pieceBytes / Math.max(1, rowBytes))) * rowBytes;
    for (let offset = 0; offset < floats.byteLength; offset += step) {
      const bytes = await floats.readBytes(offset, Math.min(step, floats.byteLength - offset), { signal });
      // A copy: what a source gives need not lie where a view of float32 may begin.
      yield new Float32Array(bytes.slice().buffer);
    }
  }
  return [
    {
      name: codes,
      dataType: "uint8",
      shape: tensor.shape,
      byteLength: rows * columns,
      async write(to: ByteSink) {
        for await (const values of pieces()) await to.write(quantizeRows(values, columns, rowScales(values, columns)));
      },
    },
    {
      name: scales,
      dataType: "float32",
      shape: [rows],
      byteLength: rows * bytesPerElement("float32"),
      async write(to: ByteSink) {
        for await (const values of pieces()) await to.write(new Uint8Array(rowScales(values, columns).buffer));
      },
    },
  ];
}
