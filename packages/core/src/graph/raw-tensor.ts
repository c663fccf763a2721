import { checkSettled } from "../arguments/check-settled.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { floatConversion, isFloatType } from "../tensor/convert-floats.ts";
import { elementCount, isDataType } from "../tensor/data-type.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { shownValue } from "../text/shown-value.ts";
import type { GraphTensor } from "./value.ts";

/** Numbers in lists of lists, as JSON has them. */
export type NestedNumbers = readonly (number | bigint | NestedNumbers)[];

/** What a caller may give where a tensor is wanted. */
export type RawTensor = Tensor | NestedNumbers;

export type IntegerTensor = Extract<GraphTensor, { dataType: "int32" }>;
export type FloatTensor = Extract<GraphTensor, { dataType: "float32" }>;

/**
 * Integers of any data type (but 16- and 8-bit floats, whose elements are bit patterns) as int32. `axes` names the axes there must be; `shape`, where given, their sizes.
 * @throws LongspanError `inputs-invalid` naming the input, what was found and where.
 */
export function readIntegers(name: string, raw: RawTensor, axes: readonly string[], shape?: readonly number[]): IntegerTensor {
  checkRaw(name, raw, axes);
  if (isTensor(raw) && isFloatType(raw.dataType) && raw.dataType !== "float32" && raw.dataType !== "float64")
    throw invalid(name, `${name} is ${raw.dataType}; it takes integers: int32 or int64.`);
  const { shape: found, values } = readShape(name, raw, axes, shape);
  if (values instanceof Int32Array) return { dataType: "int32", shape: found, data: values };
  const data = new Int32Array(values.length);
  for (let index = 0; index < data.length; index++) {
    const value = values[index];
    const whole = Number(value);
    if ((whole | 0) !== whole)
      throw invalid(name, `${name} holds ${String(value)} at ${place(index, found)}; it takes integers of 32 bits.`);
    data[index] = whole;
  }
  return { dataType: "int32", shape: found, data };
}

/** Floating-point numbers of any data type as float32 (rounded to nearest). @throws LongspanError `inputs-invalid`. */
export function readFloats(name: string, raw: RawTensor, axes: readonly string[], shape?: readonly number[]): FloatTensor {
  checkRaw(name, raw, axes);
  const { shape: found, values } = readShape(name, raw, axes, shape);
  if (!isTensor(raw)) return { dataType: "float32", shape: found, data: Float32Array.from(values, Number) };
  if (!isFloatType(raw.dataType)) throw invalid(name, `${name} is ${raw.dataType}; it takes floating-point numbers.`);
  if (raw.dataType === "float32") return { dataType: "float32", shape: found, data: raw.data };
  const data = new Float32Array(raw.data.length);
  const bytes = new Uint8Array(raw.data.buffer, raw.data.byteOffset, raw.data.byteLength);
  floatConversion(raw.dataType, "float32")(bytes, new Uint8Array(data.buffer));
  return { dataType: "float32", shape: found, data };
}

/** What callers without a compiler may have written. */
function checkRaw(name: string, raw: unknown, axes: readonly string[]): void {
  if (Array.isArray(raw)) return;
  const { dataType, shape, data }: Partial<Tensor> = Object(raw);
  if (Array.isArray(shape) && ArrayBuffer.isView(data) && typeof dataType === "string" && isDataType(dataType)) return;
  checkSettled(raw, name, "await before what makes it");
  throw invalid(
    name,
    `${name} is ${ArrayBuffer.isView(raw) ? "an array without a shape" : shownValue(raw)}; give lists of numbers [${axes.join(", ")}], or a tensor { dataType, shape, data } whose data is a typed array.`,
  );
}

function isTensor(raw: RawTensor): raw is Tensor {
  return !Array.isArray(raw);
}

function readShape(
  name: string,
  raw: RawTensor,
  axes: readonly string[],
  expected: readonly number[] | undefined,
): { shape: readonly number[]; values: ArrayLike<number | bigint> } {
  const { shape, values } = isTensor(raw) ? { shape: raw.shape, values: raw.data } : flatten(name, raw, axes);
  if (shape.length !== axes.length) {
    throw invalid(name, `${name} has shape [${shape.join(", ")}]; it has ${axes.length} axes: ${axes.join(", ")}.`);
  }
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 1))
    throw invalid(name, `${name} has shape [${shape.join(", ")}]; each axis (${axes.join(", ")}) has a size of 1 or more.`);
  if (values.length !== elementCount(shape))
    throw invalid(name, `${name} has shape [${shape.join(", ")}] and ${values.length} values, not ${elementCount(shape)}.`);
  if (expected !== undefined && expected.some((size, axis) => size !== shape[axis])) {
    throw invalid(
      name,
      `${name} has shape [${shape.join(", ")}]; expected [${expected.join(", ")}] (${axes.join(", ")}), as the other inputs have.`,
    );
  }
  return { shape, values };
}

/** Lists of lists in C order; all lists of one depth must be of one length. */
function flatten(
  name: string,
  raw: NestedNumbers,
  axes: readonly string[],
): { shape: readonly number[]; values: readonly (number | bigint)[] } {
  let level: readonly (number | bigint | NestedNumbers)[] = [raw];
  const shape: number[] = [];
  while (level.some((item) => typeof item === "object")) {
    const lists = level.filter((item): item is NestedNumbers => Array.isArray(item));
    const [first] = lists;
    const odd = lists.findIndex((list) => list.length !== first?.length);
    if (odd !== -1) {
      throw invalid(
        name,
        `${name} is ragged: along ${axes[shape.length] ?? "its last axis"} row ${odd} has ${lists[odd]?.length} and row 0 has ${first?.length}. Pad all rows to one length, and mask the padding.`,
      );
    }
    if (lists.length !== level.length) throw invalid(name, `${name} mixes numbers and lists at one depth.`);
    shape.push(first?.length ?? 0);
    if (shape.length > axes.length) throw invalid(name, `${name} is nested deeper than its ${axes.length} axes: ${axes.join(", ")}.`);
    level = lists.flat(1);
  }
  const odd = level.findIndex((item) => typeof item !== "number" && typeof item !== "bigint");
  if (odd !== -1) throw invalid(name, `${name} holds ${shownValue(level[odd])} at ${place(odd, shape)}; it takes numbers.`);
  return { shape, values: level as readonly (number | bigint)[] };
}

/** `[1, 17]`: where an element in C order stands. */
export function place(index: number, shape: readonly number[]): string {
  const position: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    position.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${position.join(", ")}]`;
}

function invalid(input: string, message: string): LongspanError {
  return new LongspanError("inputs-invalid", message, { details: { input } });
}
