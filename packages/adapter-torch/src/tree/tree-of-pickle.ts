import { treeMap } from "@longspan/core";
import type { LazyTensor, TreeMap, TreeOpaque, TreeValue } from "@longspan/core";
import { asAttributes, asDict, asSequence, asSet, asString, classOf, describe, isGlobal, isMadeBy } from "@longspan/pickle";
import type { PickleDict, PickleObject, PickleValue } from "@longspan/pickle";
import { refuseOrRethrow } from "./refused-tensor.ts";
import { rebuildTensor } from "./rebuild-tensor.ts";
import type { ResolveStorage } from "./storage-view.ts";
import { tensorCall } from "./tensor-function.ts";
import { pathText } from "./tree-path.ts";
import type { TreePath } from "./tree-path.ts";

export interface TreeOfPickleOptions {
  /** For messages: the file. */
  readonly file: string;
  readonly resolveStorage: ResolveStorage;
  /** What a persistent id that stands by itself is; default: an opaque value. */
  readonly resolveId?: (id: PickleValue, name: string) => TreeValue | undefined;
}

/** Calls that make a dict and nothing but a dict. */
const dictMakers: readonly (readonly [module: string, name: string])[] = [
  ["collections", "OrderedDict"],
  ["collections", "defaultdict"],
  ["collections", "Counter"],
  ["builtins", "dict"],
];

/**
 * A pickle of torch as a tree: dicts, lists and plain values as they are, rebuilt tensors as lazy ones, every other object
 * as an opaque node. Nothing is called. Shared nodes stay shared and cycles stay cycles; the walk is a work list, so that
 * depth costs no stack.
 */
export function treeOfPickle(root: PickleValue, options: TreeOfPickleOptions): TreeValue {
  const known = new Map<object, TreeValue>();
  const work: ((() => void) | undefined)[] = [];

  function convert(value: PickleValue, path: TreePath | undefined): TreeValue {
    if (typeof value !== "object" || value === null) return value;
    const before = known.get(value);
    if (before !== undefined) return before;
    const made = make(value, path);
    known.set(value, made);
    return made;
  }

  function make(value: PickleValue & object, path: TreePath | undefined): TreeValue {
    switch (value.kind) {
      case "bytes":
        return asString(value) ?? { kind: "opaque", className: value.mutable ? "builtins.bytearray" : "builtins.bytes" };
      case "text":
        return { kind: "opaque", className: "builtins.str" };
      case "global":
        return { kind: "opaque", className: `${value.module}.${value.name}` };
      case "persistent-id":
        return options.resolveId?.(value.id, pathText(path)) ?? { kind: "opaque", className: "torch.storage" };
      case "list":
      case "tuple":
        return makeList(value.kind, value.items, path);
      case "set":
        return makeList("set", value.items, path);
      case "dict":
        return makeMap(value, path);
      default:
        return makeObject(value, path);
    }
  }

  function makeList(kind: "list" | "tuple" | "set", values: readonly PickleValue[], path: TreePath | undefined): TreeValue {
    const items: TreeValue[] = [];
    work.push(() => {
      for (const [index, value] of values.entries()) items.push(convert(value, { parent: path, key: index }));
    });
    return { kind, items };
  }

  function makeMap(dict: PickleDict, path: TreePath | undefined): TreeMap {
    const entries: (readonly [TreeValue, TreeValue])[] = [];
    work.push(() => {
      for (const [key, value] of dict.entries) {
        const name = asString(key);
        const at: TreePath = { parent: path, key: name ?? key };
        entries.push([name ?? convert(key, at), convert(value, at)]);
      }
    });
    return treeMap(entries);
  }

  function makeObject(object: PickleObject, path: TreePath | undefined): TreeValue {
    const tensor = makeTensor(object, path);
    if (tensor !== undefined) return tensor;
    const dict = dictMakers.some(([module, name]) => isMadeBy(object, module, name)) ? asDict(object) : undefined;
    if (dict !== undefined) return makeMap(dict, path);
    if (isMadeBy(object, "torch", "Size")) return makeList("tuple", asSequence(object.args[0]) ?? [], path);
    const set = asSet(object);
    if (set !== undefined) return makeList("set", set, path);
    return makeOpaque(object, path);
  }

  function makeTensor(object: PickleObject, path: TreePath | undefined): LazyTensor | TreeOpaque | undefined {
    const name = pathText(path);
    return refuseOrRethrow({ className: classNameOf(object), file: options.file, name }, () => {
      const call = tensorCall(object);
      return call === undefined ? undefined : rebuildTensor(name, call, options.resolveStorage);
    });
  }

  /** An object of a class nobody looks up: its attributes, or what was stored into it, or its constructor's arguments. */
  function makeOpaque(object: PickleObject, path: TreePath | undefined): TreeOpaque {
    const opaque: { kind: "opaque"; className: string; state?: TreeValue } = { kind: "opaque", className: classNameOf(object) };
    const stored = asDict(object);
    const inner = stored !== undefined && stored.size > 0 ? stored : asAttributes(object);
    const remains =
      object.state ??
      (object.items === undefined ? { kind: "tuple" as const, items: object.args } : { kind: "list" as const, items: object.items });
    work.push(() => {
      opaque.state = convert(inner ?? remains, path);
    });
    return opaque;
  }

  const tree = convert(root, undefined);
  // First in, first out: a value that is shared gets the shortest of its paths as a name.
  for (let next = 0; next < work.length; next++) {
    work[next]?.();
    work[next] = undefined;
  }
  return tree;
}

/** The class of an object, also of one in an old file that carries the class and its source code as a persistent id. */
function classNameOf(object: PickleObject): string {
  const named = classOf(object) ?? moduleClass(object.callable);
  return typeof named === "object" && named?.kind === "global" ? `${named.module}.${named.name}` : describe(object.callable, 80);
}

/** `("module", class, source file, source code)`: how torch before 1.6 pickled the class of a whole module. */
function moduleClass(value: PickleValue): PickleValue | undefined {
  if (typeof value !== "object" || value === null || value.kind !== "persistent-id") return undefined;
  const parts = asSequence(value.id);
  if (parts === undefined) return undefined;
  // In the tar format the id is the class, its file and its source, without the word before them.
  return parts[0] === "module" ? parts[1] : parts.find((part) => isAnyGlobal(part));
}

function isAnyGlobal(value: PickleValue): boolean {
  return typeof value === "object" && value !== null && value.kind === "global" && isGlobal(value, value.module, value.name);
}
