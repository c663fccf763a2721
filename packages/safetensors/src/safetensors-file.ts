import type { SafetensorsDataType } from "./data-types.ts";

/** Random access to the bytes of one file. */
export interface SafetensorsSource {
  /** Bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`; it is asked only for bytes that lie below `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A tensor of a file, and where its bytes lie. */
export interface SafetensorsEntry {
  /** Of the tensor, as the header has it. */
  readonly name: string;
  /** As the format spells it: `F32`, `BF16`. */
  readonly dataType: SafetensorsDataType;
  /** In elements; `[]` is a scalar. C order. */
  readonly shape: readonly number[];
  /** Of the first byte in the file, absolute. Not necessarily a multiple of the element's size. */
  readonly offset: number;
  /** Of its bytes in the file. */
  readonly byteLength: number;
}

/** What a file says of its tensors. */
export interface SafetensorsHeader {
  /** The strings under `__metadata__` in the file's order; undefined where the file has none. */
  readonly metadata: ReadonlyMap<string, string> | undefined;
  /** In the order of their bytes in the file. */
  readonly tensors: readonly SafetensorsEntry[];
  /** Of the first byte after the header. */
  readonly dataOffset: number;
  /** Bytes of memory that were accounted for: see `SafetensorsLimits.memory`. */
  readonly memory: number;
}

/** An unsigned little-endian 64-bit integer in front of the header: its length in bytes. */
export const lengthBytes = 8;
