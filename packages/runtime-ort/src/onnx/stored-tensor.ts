import type { ByteSink, DataType } from "@longspan/core";

/** An initializer whose values are not in memory: they are written where the file needs them. */
export interface StoredTensor {
  /** The initializer's name: what nodes call it. */
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** Writes exactly `byteLength` bytes: C order, little endian. */
  write(to: ByteSink): Promise<void>;
}
