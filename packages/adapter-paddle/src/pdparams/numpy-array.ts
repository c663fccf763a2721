import { bytesPerElement, type DataType, elementCount, LongspanError } from "@longspan/core";
import { denseStrides } from "@longspan/core/adapter";
import type { PickleObject, PickleValue } from "@longspan/pickle";
import { calledName, globalName, tupleItems } from "./called.ts";
import { parseElement } from "./numpy-element.ts";
import { type RawElements, rawElements } from "./raw-elements.ts";

/** More dimensions than numpy 2 (64) allows are a sign of damage. */
const maxDimensions = 64;

/** A numpy array as its pickle describes it. */
export type NumpyArray =
  | {
      readonly kind: "array";
      readonly dataType: DataType;
      readonly byteOrder: "little" | "big";
      readonly shape: readonly number[];
      /** Elements between neighbours, one per dimension. */
      readonly strides: readonly number[];
      readonly byteLength: number;
      readonly raw: RawElements;
      readonly spelledUint16: boolean;
    }
  | { readonly kind: "refused"; readonly reason: string };

const arrayBuilders = new Set(["numpy._core.multiarray._reconstruct", "numpy.core.multiarray._reconstruct"]);
const bufferReaders = new Set(["numpy._core.numeric._frombuffer", "numpy.core.numeric._frombuffer"]);

/**
 * Reads an array in either of numpy's two spellings, under the module names of numpy 1 (`numpy.core`) and 2 (`numpy._core`):
 * `_reconstruct(ndarray, (0,), b"b")` with the state `(1, shape, dtype, fortran_order, raw)` (methods.c, `array_reduce`), or, in protocol 5,
 * `_frombuffer(raw, dtype, shape, order[, axis_order])` (numeric.py).
 *
 * @param name what the array is called, for messages
 * @returns undefined when the node is no array
 * @throws LongspanError `tensor-invalid` when it is one whose parts contradict each other
 */
export function parseArray(node: PickleObject, name: string): NumpyArray | undefined {
  const called = calledName(node);
  if (called === undefined) return undefined;
  if (arrayBuilders.has(called)) return parseReconstructed(node, name);
  return bufferReaders.has(called) ? parseFromBuffer(node, name) : undefined;
}

/** Whether a node is an array, right or wrong. */
export function isArray(node: PickleObject): boolean {
  const called = calledName(node) ?? "";
  return arrayBuilders.has(called) || bufferReaders.has(called);
}

function parseReconstructed(node: PickleObject, name: string): NumpyArray {
  const className = globalName(node.args[0]);
  if (className !== "numpy.ndarray") return { kind: "refused", reason: `it is a ${className ?? "value"} and not a numpy.ndarray` };
  const state = tupleItems(node.state);
  // The version at the front came with numpy 1.0; before it there were four parts. numpy knows 0 and 1 (methods.c, `array_setstate`).
  const [version, ...behind] = state?.length === 5 ? state : [1, ...(state ?? [])];
  if (version !== 0 && version !== 1) throw wrong(name, "is in a version of numpy's state that is not known");
  const parts = state === undefined ? undefined : behind;
  if (parts?.length !== 4 || node.earlierStates !== undefined)
    throw wrong(name, "lacks its state (version, shape, dtype, order, elements)");
  const [shape, dtype, fortranOrder, raw] = parts;
  if (typeof fortranOrder !== "boolean" && fortranOrder !== 0 && fortranOrder !== 1)
    throw wrong(name, "does not say whether it is in Fortran order");
  return assemble(name, { dtype, raw, shape, isFortranOrder: Boolean(fortranOrder) });
}

function parseFromBuffer(node: PickleObject, name: string): NumpyArray {
  const [raw, dtype, shape, order, axisOrder] = node.args;
  if (order === "K" && tupleItems(axisOrder) !== undefined)
    return permuted(assemble(name, { dtype, raw, shape, isFortranOrder: false }), name, tupleItems(axisOrder) ?? []);
  if (order !== "C" && order !== "F") throw wrong(name, "is in an unknown order");
  return assemble(name, { dtype, raw, shape, isFortranOrder: order === "F" });
}

interface Parts {
  readonly dtype: PickleValue | undefined;
  readonly raw: PickleValue | undefined;
  readonly shape: PickleValue | undefined;
  readonly isFortranOrder: boolean;
}

function assemble(name: string, parts: Parts): NumpyArray {
  const element = parseElement(parts.dtype);
  if (element === undefined) throw wrong(name, "has no numpy.dtype");
  if (element.kind === "refused") return element;
  const shape = checkShape(name, parts.shape);
  const byteLength = elementCount(shape) * bytesPerElement(element.dataType);
  if (!Number.isSafeInteger(byteLength)) throw wrong(name, `has shape [${shape.join(", ")}], which is more than 2^53 bytes`);
  const raw = rawElements(parts.raw);
  if (raw === undefined) throw wrong(name, "has no bytes (or Latin-1 text) where its elements should be");
  // Text is counted when it is decoded.
  const isText = !(raw instanceof Uint8Array) && raw.kind === "text";
  if (!isText && raw.byteLength !== byteLength) {
    throw wrong(
      name,
      `has ${raw.byteLength} bytes of elements, but its shape [${shape.join(", ")}] of ${element.dataType} needs ${byteLength}`,
    );
  }
  const { dataType, byteOrder, spelledUint16 } = element;
  const strides = parts.isFortranOrder ? denseStrides(shape.toReversed()).toReversed() : denseStrides(shape);
  return { kind: "array", dataType, byteOrder, shape, strides, byteLength, raw, spelledUint16 };
}

/** `array.transpose(order)`: axis `k` of the result is axis `order[k]` of the array. */
function permuted(array: NumpyArray, name: string, order: readonly PickleValue[]): NumpyArray {
  if (array.kind === "refused") return array;
  const axes = order.map((axis) => (typeof axis === "number" ? axis : -1));
  const isPermutation = axes.toSorted((one, other) => one - other).every((axis, index) => axis === index);
  if (axes.length !== array.shape.length || !isPermutation)
    throw wrong(name, `has the axis order (${axes.join(", ")}) for ${array.shape.length} dimensions`);
  return {
    ...array,
    shape: axes.map((axis) => array.shape[axis] ?? 0),
    strides: axes.map((axis) => array.strides[axis] ?? 0),
  };
}

function checkShape(name: string, value: PickleValue | undefined): number[] {
  const items = tupleItems(value);
  if (items === undefined) throw wrong(name, "has no shape");
  if (items.length > maxDimensions) throw wrong(name, `has ${items.length} dimensions; numpy allows ${maxDimensions}`);
  return items.map((item) => {
    if (typeof item !== "number" || !Number.isSafeInteger(item) || item < 0)
      throw wrong(name, "has a shape whose dimensions are not all integers from 0");
    return item;
  });
}

function wrong(name: string, why: string): LongspanError {
  return new LongspanError(
    "tensor-invalid",
    `Tensor "${name}" is a numpy array that ${why}. The file is damaged, or was not written by Paddle: write it again.`,
    {
      details: { tensor: name },
    },
  );
}
