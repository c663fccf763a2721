import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { DataType } from "./data-type.ts";
import { bytesPerElement } from "./data-type.ts";
import type { LazyTensor, TensorReadOptions } from "./lazy-tensor.ts";
import { readChunks, readTensor } from "./read-tensor.ts";
import { checkElementRange, checkShape, denseStrides } from "./strided-tensor.ts";

/** A range of a computed tensor's elements, counted in C order. */
export interface ComputedRange {
  /** The first element, counted in C order. */
  readonly start: number;
  /** How many elements. */
  readonly count: number;
  /** To be handed on to whatever the computation reads. */
  readonly signal: AbortSignal | undefined;
}

/** A tensor whose values are computed from others' when they are read. */
export interface ComputedTensorOptions {
  /** Its own name, for messages too. */
  readonly name: string;
  /** Of the elements that `compute` gives. */
  readonly dataType: DataType;
  /** In elements. */
  readonly shape: readonly number[];
  /** The tensors whose values it is made of, in the order `compute` gets them. */
  readonly inputs: readonly LazyTensor[];
  /**
   * Elements that are computed together: `compute` is asked for whole units (a row's length for a formula over rows). Must divide the
   * number of elements. Default 1.
   */
  readonly unitElements?: number;
  /**
   * The elements of a range in C order: `range.count` of them, as the data type's typed array or as little-endian bytes. Called anew for
   * each read, possibly several times at once, so what it learns once (a norm) it must keep itself; it must give the same values each time.
   */
  compute(range: ComputedRange, inputs: readonly LazyTensor[]): Promise<ArrayBufferView>;
}

/** Computed at a time, so that what a formula needs beside the result stays small: 2 MiB of float64. A larger unit is computed whole. */
const pieceElements = 2 ** 18;

/**
 * A lazy tensor whose values are computed from other tensors whenever they are read; nothing is kept. It has a storage of its own, so that
 * it is never taken for another tensor's tie. A formula in float64 that shall be rounded once to a narrower type is
 * `castTensor(computedTensor({ dataType: "float64", … }), type)`.
 * @throws LongspanError `tensor-invalid` when a size is no integer, the unit does not divide the elements, or (while reading) `compute` gives another number of bytes than
 *   it was asked for.
 */
export function computedTensor(options: ComputedTensorOptions): LazyTensor {
  const { name, dataType, shape, inputs, unitElements = 1 } = options;
  const bytes = bytesPerElement(dataType);
  const elements = checkShape(name, shape, bytes);
  if (!Number.isSafeInteger(unitElements) || unitElements < 1 || elements % unitElements !== 0) {
    throw new LongspanError("tensor-invalid", `Tensor "${name}" of ${elements} elements cannot be computed in units of ${unitElements}.`, {
      details: { tensor: name, elements, unitElements },
    });
  }
  const step = Math.max(1, Math.floor(pieceElements / unitElements)) * unitElements;

  async function computePiece(start: number, count: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    throwIfAborted(signal);
    const found = await options.compute({ start, count, signal }, inputs);
    if (found.byteLength !== count * bytes) {
      throw new LongspanError(
        "tensor-invalid",
        `Tensor "${name}": ${count * bytes} bytes were to be computed, but ${found.byteLength} came. The adapter that computes it is wrong.`,
        { details: { tensor: name, expected: count * bytes, found: found.byteLength } },
      );
    }
    return new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
  }

  const tensor: LazyTensor = {
    kind: "tensor",
    name,
    dataType,
    shape,
    byteLength: elements * bytes,
    storage: { identity: {}, elementOffset: 0, strides: denseStrides(shape) },
    async readBytes(offset, length, read: TensorReadOptions = {}) {
      checkElementRange(tensor, offset, length);
      const target = read.into?.subarray(0, length) ?? new Uint8Array(length);
      const end = (offset + length) / bytes;
      let next = offset / bytes;
      while (next < end) {
        const start = next - (next % unitElements);
        const stop = Math.min(start + step, Math.ceil(end / unitElements) * unitElements);
        const piece = await computePiece(start, stop - start, read.signal);
        const until = Math.min(stop, end);
        target.set(piece.subarray((next - start) * bytes, (until - start) * bytes), next * bytes - offset);
        next = until;
      }
      return target;
    },
    read: (read) => readTensor(tensor, read),
    chunks: (read) => readChunks(tensor, read),
  };
  return tensor;
}
