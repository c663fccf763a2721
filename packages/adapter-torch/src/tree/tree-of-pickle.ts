import { type LazyTensor, LongspanError } from "@longspan/core";
import {
  isTensor,
  type MemoryBudget,
  memoryCosts,
  type TreeList,
  treeMap,
  type TreeMap,
  type TreeOpaque,
  type TreeValue,
} from "@longspan/core/adapter";
import { asAttributes, asDict, asSequence, asSet, asString, classOf, describe, isGlobal, isMadeBy } from "@longspan/pickle";
import type { PickleDict, PickleObject, PickleReading, PickleValue } from "@longspan/pickle";
import { changedStorages, storageKey } from "./changed-storages.ts";
import type { StorageKey } from "./changed-storages.ts";
import { refuseOrRethrow } from "./refused-tensor.ts";
import { rebuildTensor } from "./rebuild-tensor.ts";
import type { ResolveStorage } from "./storage-view.ts";
import { tensorCall } from "./tensor-function.ts";
import { pathText } from "./tree-path.ts";
import type { TreePath } from "./tree-path.ts";

export interface TreeOfPickleOptions {
  /** For messages: the file. */
  readonly file: string;
  /** What the tree may take of memory. */
  readonly budget: MemoryBudget;
  readonly resolveStorage: ResolveStorage;
  /** Default: the key of torch's references to storages. */
  readonly storageKey?: StorageKey;
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

/** A container that was handed out empty, and the pickle's value that fills it. */
interface Unfilled {
  readonly from: PickleDict | readonly PickleValue[] | PickleValue;
  readonly to: TreeMap | WritableList | WritableOpaque;
  readonly path: TreePath | undefined;
}

type WritableList = { -readonly [Key in keyof TreeList]: TreeList[Key] };
type WritableOpaque = { -readonly [Key in keyof TreeOpaque]: TreeOpaque[Key] };

/**
 * A pickle of torch as a tree: dicts, lists and plain values as they are, rebuilt tensors as lazy ones, every other object
 * as an opaque node. Nothing is called; a tensor whose values a call or an item assignment would change is refused. Shared nodes stay
 * shared and cycles stay cycles; the walk is a work list, so that depth costs no stack.
 * @throws LongspanError `limit-exceeded` when the budget ends
 */
export function treeOfPickle(reading: Pick<PickleReading, "value" | "objects">, options: TreeOfPickleOptions): TreeValue {
  const { file, budget, storageKey: keyOf = storageKey } = options;
  const changed = changedStorages(reading.objects, keyOf);
  const known = new Map<object, TreeValue>();
  const work: (Unfilled | undefined)[] = [];

  function convert(value: PickleValue, parent: TreePath | undefined, key: PickleValue): TreeValue {
    if (typeof value !== "object" || value === null) return value;
    return known.get(value) ?? remember(value, { parent, key });
  }

  function remember(value: PickleValue & object, path: TreePath | undefined): TreeValue {
    budget.spend(memoryCosts.list);
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
        return makeOfId(value.id, path);
      case "list":
      case "tuple":
      case "set":
        return makeList(value.kind, value.items, path);
      case "dict":
        return makeMap(value, path);
      default:
        return makeObject(value, path);
    }
  }

  function makeOfId(id: PickleValue, path: TreePath | undefined): TreeValue {
    const name = pathText(path);
    const made = options.resolveId?.(id, name) ?? { kind: "opaque", className: "torch.storage" };
    return isTensor(made) ? refuseOrRethrow({ className: "torch.Tensor", file, name }, () => unchanged(id, made)) : made;
  }

  function makeList(kind: TreeList["kind"], values: readonly PickleValue[], path: TreePath | undefined): TreeValue {
    const list: WritableList = { kind, items: [] };
    if (values.length > 0) work.push({ from: values, to: list, path });
    return list;
  }

  function makeMap(dict: PickleDict, path: TreePath | undefined): TreeMap {
    budget.spend(memoryCosts.map - memoryCosts.list + memoryCosts.entry * dict.size);
    const map = treeMap([]);
    if (dict.size > 0) work.push({ from: dict, to: map, path });
    return map;
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
    const place = {
      className: classNameOf(object),
      file,
      get name() {
        return pathText(path);
      },
    };
    const made = refuseOrRethrow(place, () => {
      const call = tensorCall(object);
      return call && rebuildTensor(place.name, call, (id) => unchanged(id, options.resolveStorage(id)));
    });
    if (made !== undefined) budget.spend(memoryCosts.tensor);
    return made;
  }

  /** @throws LongspanError `unsupported` where the pickle goes on to change the values of what the reference means */
  function unchanged<Found>(id: PickleValue, found: Found): Found {
    const key = changed.size === 0 ? undefined : keyOf(id);
    if (key === undefined || !changed.has(key)) return found;
    throw new LongspanError(
      "unsupported",
      "the file changes its values after it was built (an item assignment, or a call of an unknown function on it or on what shares its storage), and nothing in a pickle is carried out. Load it with torch where you trust it, and save model.state_dict() again",
    );
  }

  /** An object of a class nobody looks up: its attributes, or what was stored into it, or its constructor's arguments. */
  function makeOpaque(object: PickleObject, path: TreePath | undefined): TreeOpaque {
    const opaque: WritableOpaque = { kind: "opaque", className: classNameOf(object) };
    const stored = asDict(object);
    const inner = stored !== undefined && stored.size > 0 ? stored : asAttributes(object);
    const remains =
      object.state ??
      (object.items === undefined ? { kind: "tuple" as const, items: object.args } : { kind: "list" as const, items: object.items });
    work.push({ from: inner ?? remains, to: opaque, path });
    return opaque;
  }

  function fill({ from, to, path }: Unfilled): void {
    if (to.kind === "map") {
      const entries = to.entries as (readonly [TreeValue, TreeValue])[];
      for (const [key, value] of (from as PickleDict).entries) {
        const name = asString(key);
        entries.push([name ?? convert(key, path, key), convert(value, path, name ?? key)]);
      }
    } else if (to.kind === "opaque") {
      const value = from as PickleValue;
      to.state = typeof value === "object" && value !== null ? (known.get(value) ?? remember(value, path)) : value;
    } else {
      to.items = (from as readonly PickleValue[]).map((value, index) => convert(value, path, index));
    }
  }

  const { value } = reading;
  const tree = typeof value === "object" && value !== null ? remember(value, undefined) : value;
  // First in, first out: a value that is shared gets the shortest of its paths as a name.
  for (let next = 0; next < work.length; next++) {
    const unfilled = work[next];
    work[next] = undefined;
    if (unfilled !== undefined) fill(unfilled);
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
