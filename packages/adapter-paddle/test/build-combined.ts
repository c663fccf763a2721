import { joined } from "./joined.ts";
export interface CombinedParts {
  readonly version?: number;
  /** Sequence offsets, per level. */
  readonly levels?: readonly Uint8Array[];
  readonly levelCount?: bigint;
  readonly tensorVersion?: number;
  readonly description?: Uint8Array;
  readonly descriptionBytes?: number;
  readonly elements?: Uint8Array;
}

/** One tensor as `save_combine` writes it, any part of which may be put wrong. Two float32 by default. */
export function combinedTensor({
  version = 0,
  levels = [],
  levelCount = BigInt(levels.length),
  tensorVersion = 0,
  description = tensorDescription(5n, [2n]),
  descriptionBytes = description.length,
  elements = new Uint8Array(8),
}: CombinedParts = {}): Uint8Array {
  const parts = [
    littleEndian(BigInt(version), 4),
    littleEndian(levelCount, 8),
    ...levels.flatMap((level) => [littleEndian(BigInt(level.length), 8), level]),
    littleEndian(BigInt(tensorVersion), 4),
    littleEndian(BigInt(descriptionBytes), 4),
    description,
    elements,
  ];
  return joined(parts);
}

/** `TensorDesc { data_type, dims }`. */
export function tensorDescription(type: bigint, dimensions: readonly bigint[]): Uint8Array {
  return Uint8Array.from([...field(1, type), ...dimensions.flatMap((dimension) => field(2, dimension))]);
}

/** A varint field. */
export function field(number: number, value: bigint): number[] {
  return [...varint(BigInt(number) << 3n), ...varint(value)];
}

/** A length-delimited field. */
export function message(number: number, ...parts: readonly (readonly number[] | Uint8Array | string)[]): number[] {
  const bytes = parts.flatMap((part) => [...(typeof part === "string" ? new TextEncoder().encode(part) : part)]);
  return [...varint((BigInt(number) << 3n) | 2n), ...varint(BigInt(bytes.length)), ...bytes];
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}

function littleEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return bytes.subarray(0, length);
}
