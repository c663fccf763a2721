import type { ByteSource } from "../bytes/byte-source.ts";

/** A run of bytes in a source that tensors look at. The object is the storage's identity: tied tensors share it. */
export interface SourceStorage {
  /** Where the bytes come from. */
  readonly source: ByteSource;
  /** Bytes into the source. */
  readonly offset: number;
  /** How many bytes the storage has; no element may lie beyond. */
  readonly byteLength: number;
  /** Default: little. */
  readonly byteOrder?: "little" | "big";
}

/** A view's geometry in elements, with neighbouring dimensions joined where they lie one after the other. */
export interface StridedView {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Joins dimensions that can be walked as one and leaves out those of size 1. The order of elements is unchanged. */
export function coalesce(shape: readonly number[], strides: readonly number[], offset: number): StridedView {
  const joinedShape: number[] = [];
  const joinedStrides: number[] = [];
  for (const [axis, dimension] of shape.entries()) {
    if (dimension === 1) continue;
    const stride = strides[axis] ?? 0;
    const outer = joinedStrides.at(-1);
    if (outer !== undefined && outer === stride * dimension) {
      joinedShape[joinedShape.length - 1] = (joinedShape.at(-1) ?? 1) * dimension;
      joinedStrides[joinedStrides.length - 1] = stride;
    } else {
      joinedShape.push(dimension);
      joinedStrides.push(stride);
    }
  }
  return { shape: joinedShape, strides: joinedStrides, offset };
}
