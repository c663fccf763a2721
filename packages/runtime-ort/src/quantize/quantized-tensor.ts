import { type ByteSink, bytesPerElement, type LazyTensor, LongspanError } from "@longspan/core";
import { castTensor } from "@longspan/core/adapter";
import type { StoredTensor } from "../onnx/stored-tensor.ts";
import { quantizedNames } from "./quantize-graph.ts";
import { quantizeRows } from "./quantize-rows.ts";

/** About so many values are in memory at once. */
const pieceElements = 2 ** 20;

/** Makes of a matrix of floats, `[rows, columns]`, the two initializers that stand for it: its codes and its scales. */
export type TensorQuantizer = (tensor: LazyTensor) => readonly StoredTensor[];

/**
 * Quantizes tensors while they are written, one after the other, in the same few buffers. The scales come of the codes' pass: they are written
 * after them.
 */
export function tensorQuantizer(signal: AbortSignal | undefined): TensorQuantizer {
  let floats = new Float32Array(0);
  let codes = new Uint8Array(0);
  return (tensor) => {
    const names = quantizedNames(tensor.name);
    const [rows = 0, columns = 0] = tensor.shape;
    const wide = castTensor(tensor, "float32");
    const bytes = bytesPerElement("float32");
    let scales: Float32Array | undefined;

    async function writeCodes(to: ByteSink): Promise<void> {
      const step = Math.max(1, Math.floor(pieceElements / Math.max(1, columns)));
      if (floats.length < step * columns) [floats, codes] = [new Float32Array(step * columns), new Uint8Array(step * columns)];
      const found = new Float32Array(rows);
      for (let row = 0; row < rows; row += step) {
        const count = Math.min(step, rows - row);
        const into = new Uint8Array(floats.buffer, 0, count * columns * bytes);
        const read = await wide.readBytes(row * columns * bytes, into.length, { signal, into });
        if (read.buffer !== floats.buffer) into.set(read);
        quantizeRows(floats, columns, codes, found.subarray(row, row + count));
        checkFinite(tensor.name, found.subarray(row, row + count));
        await to.write(codes.subarray(0, count * columns));
      }
      scales = found;
    }
    return [
      { name: names.codes, dataType: "uint8", shape: tensor.shape, byteLength: rows * columns, write: writeCodes },
      {
        name: names.scales,
        dataType: "float32",
        shape: [rows],
        byteLength: rows * bytes,
        async write(to) {
          if (scales === undefined) throw new TypeError(`the scales of ${tensor.name} were to be written before its codes`);
          await to.write(new Uint8Array(scales.buffer));
        },
      },
    ];
  };
}

function checkFinite(name: string, scales: Float32Array): void {
  if (scales.every(Number.isFinite)) return;
  throw new LongspanError(
    "weights-not-finite",
    `The weight "${name}" holds values that are not finite: they cannot be kept in 8 bits. The checkpoint is damaged, or its training diverged.`,
    { details: { tensor: name } },
  );
}
