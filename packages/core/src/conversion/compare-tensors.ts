import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { castTensor } from "../tensor/cast-tensor.ts";
import { floatConversion } from "../tensor/convert-floats.ts";
import { bytesPerElement, isFloatingPoint, type DataType } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { pieceLength } from "../tensor/piece-length.ts";
import { tensorFromBytes } from "../tensor/read-tensor.ts";
import { equalBytes } from "./equal-bytes.ts";

/** What comparing the values of one parameter found. */
export interface TensorComparison {
  /** Canonical. */
  readonly name: string;
  /** Infinity when exactly one of a pair is not finite. */
  readonly maxAbsoluteDifference: number;
  /** Of the larger magnitude of each pair. */
  readonly maxRelativeDifference: number;
  /** Elements whose bits differ (after exact widening, where the types differ). */
  readonly differing: number;
  /** How many were compared. */
  readonly elements: number;
  /** The two types, when they differ. */
  readonly dataTypes?: readonly [DataType, DataType];
}

/** Compared at once, where both lie in their own order. */
const pieceBytes = 4 * 2 ** 20;

/**
 * Two tensors of one shape, value by value, in pieces.
 * @throws LongspanError `weights-mismatch` for two shapes, `data-type-mismatch` for two types that are not both floats.
 */
export async function compareTensors(
  name: string,
  one: LazyTensor,
  other: LazyTensor,
  signal: AbortSignal | undefined,
): Promise<TensorComparison> {
  if (one.shape.join() !== other.shape.join()) {
    throw new LongspanError(
      "weights-mismatch",
      `"${name}" has shape [${one.shape.join(", ")}] in one checkpoint and [${other.shape.join(", ")}] in the other: they are models of different sizes.`,
      {
        details: { parameter: name, shapes: [one.shape, other.shape] },
      },
    );
  }
  const common = commonType(name, one.dataType, other.dataType);
  const [left, right] = [castTensor(one, common), castTensor(other, common)];
  const width = bytesPerElement(common);
  const elements = left.byteLength / width;
  const result = { maxAbsoluteDifference: 0, maxRelativeDifference: 0, differing: 0 };
  const step = Math.max(pieceLength(left, pieceBytes), pieceLength(right, pieceBytes));
  for (let offset = 0; offset < left.byteLength; offset += step) {
    throwIfAborted(signal);
    const length = Math.min(step, left.byteLength - offset);
    const [first, second] = await Promise.all([left.readBytes(offset, length, { signal }), right.readBytes(offset, length, { signal })]);
    if (!equalBytes(first, second)) compareValues(common, first, second, result);
  }
  return { name, ...result, elements, ...(one.dataType === other.dataType ? {} : { dataTypes: [one.dataType, other.dataType] as const }) };
}

/** The narrowest type that holds both exactly. */
function commonType(name: string, one: DataType, other: DataType): DataType {
  if (one === other) return one;
  if (!isFloatingPoint(one) || !isFloatingPoint(other)) {
    throw new LongspanError(
      "data-type-mismatch",
      `"${name}" is ${one} in one checkpoint and ${other} in the other; only float types can be compared with each other.`,
      {
        details: { parameter: name, dataTypes: [one, other] },
      },
    );
  }
  return one === "float64" || other === "float64" ? "float64" : "float32";
}

function compareValues(
  type: DataType,
  first: Uint8Array,
  second: Uint8Array,
  result: { maxAbsoluteDifference: number; maxRelativeDifference: number; differing: number },
): void {
  const width = bytesPerElement(type);
  const numbers = isFloatingPoint(type) ? (type === "float64" ? "float64" : "float32") : type;
  const [left, right] = [asNumbers(type, numbers, first), asNumbers(type, numbers, second)];
  for (let index = 0; index < left.length; index++) {
    const start = index * width;
    let same = true;
    for (let byte = start; byte < start + width; byte++) if (first[byte] !== second[byte]) same = false;
    if (same) continue;
    result.differing++;
    const [one, other] = [Number(left[index]), Number(right[index])];
    const difference = one === other || (Number.isNaN(one) && Number.isNaN(other)) ? 0 : Math.abs(one - other);
    const absolute = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    const magnitude = Math.max(Math.abs(one), Math.abs(other));
    const relative = absolute === 0 ? 0 : Number.isFinite(magnitude) ? absolute / magnitude : Number.POSITIVE_INFINITY;
    result.maxAbsoluteDifference = Math.max(result.maxAbsoluteDifference, absolute);
    result.maxRelativeDifference = Math.max(result.maxRelativeDifference, relative);
  }
}

function asNumbers(type: DataType, numbers: DataType, bytes: Uint8Array): ArrayLike<number | bigint> {
  if (type === numbers) return tensorFromBytes(type, [bytes.byteLength / bytesPerElement(type)], bytes).data;
  const wide = new Uint8Array((bytes.byteLength / bytesPerElement(type)) * bytesPerElement(numbers));
  floatConversion(type, numbers)(bytes, wide);
  return tensorFromBytes(numbers, [wide.byteLength / bytesPerElement(numbers)], wide).data;
}
