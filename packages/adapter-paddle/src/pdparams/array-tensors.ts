import type { ByteSource, LazyTensor } from "@longspan/core";
import { bytesSource, type SourceStorage, stridedTensor, type TreeOpaque } from "@longspan/core/adapter";
import { type KnownCall, type PickleObject, type PickleValue, touchedNodes } from "@longspan/pickle";
import { calledName, globalName, tupleItems } from "./called.ts";
import { type Latin1Window, latin1Source } from "./latin1-source.ts";
import { type NumpyArray, isArray, parseArray } from "./numpy-array.ts";

/** Calls around a value that are taken off. Paddle makes one; a call may contain itself. */
const maxWrappers = 8;

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
export function arrayTensors(source: ByteSource, objects: readonly PickleObject[]): ArrayTensors {
  const changed = touchedNodes(objects, knownCall);
  const placed = new Map<PickleObject, { readonly array: NumpyArray; readonly storage: SourceStorage | undefined } | undefined>();
  const readAsBfloat16: string[] = [];
  const decoded: Latin1Window = {};

  /** Whether it, its bytes or what these are made of are changed after it was made. */
  function isChanged(node: PickleObject): boolean {
    if (changed.has(node)) return isArray(node);
    const state = tupleItems(node.state) ?? [];
    return isArray(node) && [...node.args, ...state].some((part) => typeof part === "object" && part !== null && isIn(changed, part));
  }

  function place(node: PickleObject, name: string): ReturnType<(typeof placed)["get"]> {
    if (!placed.has(node)) {
      const array = changed.size > 0 && isChanged(node) ? changedArray : parseArray(node, name);
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

/** Calls that make a dict, into which items are stored as into any. */
const containers: ReadonlySet<string> = new Set([
  "collections.OrderedDict",
  "collections.defaultdict",
  "builtins.dict",
  "copyreg._reconstructor",
  "copyreg.__newobj__",
]);

/** Calls that make a value of their arguments and leave these as they are, beside numpy's own. */
const values: ReadonlySet<string> = new Set([
  "_codecs.encode",
  "builtins.bytes",
  "builtins.bytearray",
  "builtins.tuple",
  "builtins.set",
  "builtins.frozenset",
]);

function knownCall(object: PickleObject): KnownCall {
  const name = globalName(object.callable) ?? "";
  if (containers.has(name)) return "container";
  const isData = name === "builtins.eval" && object.args[0] === "data";
  return isData || values.has(name) || name === "numpy.dtype" || /^numpy\._?core\.(?:multiarray|numeric)\./.test(name)
    ? "value"
    : undefined;
}

const changedArray: NumpyArray = {
  kind: "refused",
  reason:
    "the file changes its values after it was built (an item assignment, or a call of an unknown function on it), and nothing in a pickle is carried out. Load it with Paddle where you trust it, and save the state dict again",
};

function isIn(nodes: ReadonlySet<unknown>, node: unknown): boolean {
  return nodes.has(node);
}

/**
 * Takes the calls off that Paddle puts around values: `tuple((name, array))`, and `eval("data", {"data": X})` as X. That one form of `eval` is recognised by
 * its text; nothing is evaluated, and any other call of it stays an opaque object.
 */
export function unwrap(value: PickleValue): PickleValue {
  let current = value;
  for (let count = 0; count < maxWrappers; count++) {
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
