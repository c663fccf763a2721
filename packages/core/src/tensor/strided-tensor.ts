import { LongspanError } from "../errors/longspan-error.ts";
import type { DataType } from "./data-type.ts";
import { bytesPerElement, elementCount } from "./data-type.ts";
import { coalesce, type SourceStorage, type StridedView } from "./strided-view.ts";
import { swapByteOrder } from "./byte-order.ts";
import type { LazyTensor, TensorReadOptions } from "./lazy-tensor.ts";
import { readChunks, readTensor } from "./read-tensor.ts";

/** A tensor as it lies in a storage. Strides and offset in elements. */
export interface StridedTensorOptions {
  /** Its own name, for messages too. */
  readonly name: string;
  /** Of its elements. */
  readonly dataType: DataType;
  /** In elements, the slowest axis first. */
  readonly shape: readonly number[];
  /** Elements between neighbours, one per dimension; default: C order. 0 repeats (an expanded tensor). */
  readonly strides?: readonly number[];
  /** Elements into the storage; default 0. */
  readonly elementOffset?: number;
  /** The bytes it is a view of. */
  readonly storage: SourceStorage;
}

/** Elements between neighbours of a dense tensor in C order. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= Math.max(1, shape[axis] ?? 1);
  }
  return strides;
}

/**
 * A lazy tensor over a storage: any strides, offset and byte order, read as C-order little-endian bytes.
 * @throws LongspanError `tensor-invalid` when a size is not an integer or the view leaves its storage.
 */
export function stridedTensor(options: StridedTensorOptions): LazyTensor {
  const { name, dataType, shape, storage } = options;
  const strides = options.strides ?? denseStrides(shape);
  const elementOffset = options.elementOffset ?? 0;
  const bytes = bytesPerElement(dataType);
  const count = checkShape(name, shape, bytes);
  checkInsideStorage(options, strides, elementOffset, count);
  const view: StridedView = coalesce(shape, strides, elementOffset);
  const dense = count <= 1 || (view.shape.length === 1 && view.strides[0] === 1);
  const bigEndian = storage.byteOrder === "big" && bytes > 1;

  const tensor: LazyTensor = {
    kind: "tensor",
    name,
    dataType,
    shape,
    byteLength: count * bytes,
    storage: { identity: storage, elementOffset, strides, bytes: storage },
    async readBytes(offset, length, read: TensorReadOptions = {}) {
      checkElementRange(tensor, offset, length);
      if (length === 0) return new Uint8Array(0);
      if (dense) {
        const start = storage.offset + elementOffset * bytes + offset;
        const into = read.into ?? new Uint8Array(length);
        const found = await storage.source.read(start, length, { signal: read.signal, into });
        if (bigEndian) return swapByteOrder(found, bytes, into);
        // A source in memory gives views of itself.
        if (read.into === undefined && found.buffer !== into.buffer) into.set(found);
        return read.into === undefined ? into : found;
      }
      const out = read.into?.subarray(0, length) ?? new Uint8Array(length);
      const range = { start: offset / bytes, count: length / bytes };
      const { gatherSpan } = await import("./gather.ts");
      await gatherSpan({ view, storage, bytes, range, out }, read);
      return bigEndian ? swapByteOrder(out, bytes, out) : out;
    },
    read: (read) => readTensor(tensor, read),
    chunks: (read) => readChunks(tensor, read),
  };
  return tensor;
}

/** The same values under another name; still the same storage. */
export function renameTensor(tensor: LazyTensor, name: string): LazyTensor {
  const renamed: LazyTensor = {
    kind: "tensor",
    name,
    dataType: tensor.dataType,
    shape: tensor.shape,
    byteLength: tensor.byteLength,
    storage: tensor.storage,
    readBytes: (offset, length, options) => tensor.readBytes(offset, length, options),
    read: (options) => tensor.read(options),
    chunks: (options) => tensor.chunks(options),
  };
  return renamed;
}

/** The number of elements. @throws LongspanError `tensor-invalid` for sizes that no tensor has. */
export function checkShape(name: string, shape: readonly number[], bytes: number): number {
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      throw new LongspanError(
        "tensor-invalid",
        `Tensor "${name}" has shape [${shape.join(", ")}]: every dimension must be an integer, 0 or more.`,
        {
          details: { tensor: name, shape },
        },
      );
    }
  }
  const count = elementCount(shape);
  if (!Number.isSafeInteger(count * bytes)) {
    throw new LongspanError("tensor-invalid", `Tensor "${name}" has shape [${shape.join(", ")}]: more than 2^53 bytes.`, {
      details: { tensor: name, shape },
    });
  }
  return count;
}

function checkInsideStorage(options: StridedTensorOptions, strides: readonly number[], elementOffset: number, count: number): void {
  const { name, dataType, shape, storage } = options;
  const wrong = (why: string): LongspanError =>
    new LongspanError(
      "tensor-invalid",
      `Tensor "${name}" (${dataType}, shape [${shape.join(", ")}], strides [${strides.join(", ")}], offset ${elementOffset}) ${why}. The file is damaged or was not written by its framework; write it again.`,
      { details: { tensor: name, shape, strides, elementOffset, storageBytes: storage.byteLength } },
    );
  if (strides.length !== shape.length) throw wrong("has another number of strides than dimensions");
  for (const value of [elementOffset, ...strides]) {
    if (!Number.isSafeInteger(value) || value < 0) throw wrong("has a stride or offset that is not an integer, 0 or more");
  }
  if (count === 0) return;
  let last = elementOffset;
  for (const [axis, dimension] of shape.entries()) last += (dimension - 1) * (strides[axis] ?? 0);
  const end = (last + 1) * bytesPerElement(dataType);
  if (!Number.isSafeInteger(end) || end > storage.byteLength) {
    throw wrong(`ends ${end} bytes into a storage of ${storage.byteLength} bytes`);
  }
}

/** @throws LongspanError `argument-invalid` for a range that leaves the tensor or cuts elements. */
export function checkElementRange(tensor: LazyTensor, offset: number, length: number): void {
  const bytes = bytesPerElement(tensor.dataType);
  const whole = offset % bytes === 0 && length % bytes === 0;
  if (!whole || offset < 0 || length < 0 || offset + length > tensor.byteLength) {
    throw new LongspanError(
      "argument-invalid",
      `Bytes ${offset} to ${offset + length} of tensor "${tensor.name}" were asked for; it has ${tensor.byteLength}, and ranges are whole elements of ${bytes} bytes.`,
      { details: { tensor: tensor.name, offset, length } },
    );
  }
}
