import { type ByteSource, type LazyTensor, type SourceStorage, type TreeOpaque, bytesSource, stridedTensor } from "@longspan/core";
import type { PickleObject, PickleValue } from "@longspan/pickle";
import { calledName, tupleItems } from "./called.ts";
import { type Latin1Window, latin1Source } from "./latin1-source.ts";
import { type NumpyArray, parseArray } from "./numpy-array.ts";

/** Calls around a value that are taken off. Paddle makes one; a call may contain itself. */
const mostWrappers = 8;

export interface ArrayTensors {
  /**
   * The tensor a value stands for, opaque where it is an array no tensor can hold, undefined where it is something else. One array met twice
   * is one storage.
   * @throws LongspanError `tensor-invalid` for an array that contradicts itself
   */
  read(value: PickleValue, path: string): LazyTensor | TreeOpaque | undefined;
  /** Names of the tensors whose elements are spelled uint16 and read as bfloat16. */
  readonly readAsBfloat16: readonly string[];
}

/**
 * The three spellings in which paddle.save writes a tensor (python/paddle/framework/io.py: `_build_saved_state_dict`, `reduce_varbase`,
 * `reduce_DenseTensor`): a numpy array, a pair `(name, array)`, and `eval("data", {"data": array})`.
 */
export function arrayTensors(source: ByteSource): ArrayTensors {
  const placed = new Map<PickleObject, { readonly array: NumpyArray; readonly storage: SourceStorage | undefined } | undefined>();
  const readAsBfloat16: string[] = [];
  const decoded: Latin1Window = {};

  function place(node: PickleObject, name: string): ReturnType<(typeof placed)["get"]> {
    if (!placed.has(node)) {
      const array = parseArray(node, name);
      placed.set(
        node,
        array && {
          array,
          storage: array.kind === "array" ? storageOf(array, name, source, decoded) : undefined,
        },
      );
    }
    return placed.get(node);
  }

  return {
    readAsBfloat16,
    read(value, path) {
      const pair = tupleItems(value);
      const [ownName, item] = pair ?? [];
      const isNamed = pair?.length === 2 && typeof ownName === "string";
      const node = isNamed ? unwrap(item ?? null) : value;
      if (typeof node !== "object" || node?.kind !== "object") return undefined;
      const name = isNamed && path === "" ? ownName : path;
      const found = place(node, name);
      if (found === undefined) return undefined;
      const { array, storage } = found;
      if (array.kind === "refused" || storage === undefined) {
        return {
          kind: "opaque",
          className: "numpy.ndarray",
          reason: array.kind === "refused" ? array.reason : undefined,
        };
      }
      if (array.spelledUint16) readAsBfloat16.push(name);
      return stridedTensor({
        name,
        dataType: array.dataType,
        shape: array.shape,
        strides: array.strides,
        storage,
      });
    },
  };
}

/**
 * Takes the calls off that Paddle puts around values: `tuple((name, array))`, and `eval("data", {"data": X})` as X. That one form of `eval` is recognised by
 * its text; nothing is evaluated, and any other call of it stays an opaque object.
 */
export function unwrap(value: PickleValue): PickleValue {
  let current = value;
  for (let count = 0; count < mostWrappers; count++) {
    if (typeof current !== "object" || current?.kind !== "object") return current;
    const [first, second] = current.args;
    const called = calledName(current);
    if (called === "builtins.tuple" && current.args.length === 1 && tupleItems(first) !== undefined) {
      current = first ?? null;
    } else if (called === "builtins.eval" && current.args.length === 2 && first === "data") {
      if (typeof second !== "object" || second?.kind !== "dict" || second.size !== 1) return current;
      const data = second.get("data");
      if (data === undefined) return current;
      current = data;
    } else {
      return current;
    }
  }
  return current;
}

function storageOf(array: NumpyArray & { readonly kind: "array" }, name: string, source: ByteSource, decoded: Latin1Window): SourceStorage {
  const { raw, byteLength, byteOrder } = array;
  if (raw instanceof Uint8Array) return { source: bytesSource(raw, source.name), offset: 0, byteLength, byteOrder };
  if (raw.kind === "text")
    return {
      source: latin1Source(name, { source, offset: raw.offset, byteLength: raw.byteLength }, byteLength, decoded),
      offset: 0,
      byteLength,
      byteOrder,
    };
  if (raw.data !== undefined) return { source: bytesSource(raw.data, source.name), offset: 0, byteLength, byteOrder };
  return { source, offset: raw.offset ?? 0, byteLength, byteOrder };
}
