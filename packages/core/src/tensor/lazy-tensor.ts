import type { ReadOptions, ScratchBuffer } from "../bytes/byte-source.ts";
import type { DataType } from "./data-type.ts";
import type { SourceStorage } from "./strided-view.ts";
import type { Tensor } from "./tensor.ts";

/** Which memory a tensor looks at: ties and overlaps are visible by comparing these. */
export interface TensorStorage {
  /** The same object for every tensor that looks at the same storage. */
  readonly identity: object;
  /** Elements into the storage. */
  readonly elementOffset: number;
  /** Elements between neighbours, one per dimension. */
  readonly strides: readonly number[];
  /** The bytes themselves, where the tensor is a plain view of a source: lets a transposition compose with the view. */
  readonly bytes?: SourceStorage | undefined;
}

/** How a tensor's values are read. */
export interface TensorReadOptions extends ReadOptions {
  /** Memory for what reading turns over, so that loops allocate once. */
  readonly scratch?: ScratchBuffer | undefined;
}

/** A tensor whose values stay where they are until asked for. */
export interface LazyTensor {
  /** Tells it from the other values of a tree. */
  readonly kind: "tensor";
  /** For messages. */
  readonly name: string;
  /** Of its elements. */
  readonly dataType: DataType;
  /** In elements, the slowest axis first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Bytes of all elements in C order (not of the storage). */
  readonly byteLength: number;
  /** Where its values lie: tensors with one storage are tied, or views of the same memory. */
  readonly storage: TensorStorage;
  /**
   * `length` bytes from `offset` of the tensor's elements in C order, little endian, whatever the strides and byte order of the file.
   * Offset and length are whole elements. With `into` the bytes may lie there or elsewhere; without, they are the caller's.
   * @throws LongspanError `argument-invalid` for a range that leaves the tensor or cuts elements; what the source throws.
   */
  readBytes(offset: number, length: number, options?: TensorReadOptions): Promise<Uint8Array>;
  /** All values, in memory that is the caller's. */
  read(options?: { readonly signal?: AbortSignal | undefined }): Promise<Tensor>;
  /** All bytes in C order, little endian, in pieces of at most `chunkBytes`; a piece is valid until the next is asked for. */
  chunks(options?: { readonly signal?: AbortSignal | undefined; readonly chunkBytes?: number }): AsyncIterable<Uint8Array>;
}
