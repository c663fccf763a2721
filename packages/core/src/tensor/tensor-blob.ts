import type { LazyTensor } from "./lazy-tensor.ts";
import { denseStrides } from "./strided-tensor.ts";

/**
 * A tensor's bytes as a Blob, for what cannot wait for promises: nothing is read before the Blob is. Undefined where the bytes do not lie in one,
 * or not as they are read (C order, little endian).
 */
export async function tensorBlob({ shape, byteLength, storage }: LazyTensor): Promise<Blob | undefined> {
  const { bytes, elementOffset, strides } = storage;
  if (bytes?.source.blob === undefined || bytes.byteOrder === "big") return undefined;
  const dense = denseStrides(shape);
  if (shape.some((size, axis) => size > 1 && strides[axis] !== dense[axis])) return undefined;
  const elements = shape.reduce((product, size) => product * size, 1);
  return bytes.source.blob(bytes.offset + (elementOffset * byteLength) / elements, byteLength);
}
