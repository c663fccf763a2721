import { type ByteSource, LongspanError } from "@longspan/core";
import {
  boundedText,
  type MemoryBudget,
  memoryCosts,
  type TreeList,
  type TreeMap,
  treeMap,
  type TreeOpaque,
  type TreeValue,
} from "@longspan/core/adapter";
import type { PickleEntry, PickleObject, PickleReading, PickleValue } from "@longspan/pickle";
import { arrayTensors, unwrap } from "./array-tensors.ts";
import { globalName, tupleItems } from "./called.ts";
import { parseScalar } from "./numpy-scalar.ts";

/** Levels of lists and dicts inside each other. Checkpoints have a handful; Python itself stops pickling at its recursion limit of 1000. */
const maxLevels = 1000;

const dictClasses = new Set(["collections.OrderedDict", "collections.defaultdict", "builtins.dict"]);

export interface PickleTree {
  readonly root: TreeValue;
  /** Names of the tensors whose elements are spelled uint16 and read as bfloat16. */
  readonly readAsBfloat16: readonly string[];
}

/**
 * A pickle's inert values as a tree with lazy tensors. Shared and cyclic values stay so; classes and calls become opaque, and so do arrays whose elements
 * no tensor can have, or which the pickle changes after it made them.
 * @throws LongspanError `tensor-invalid` for an array that contradicts itself, `limit-exceeded` for more than 1000 levels, or when the budget ends
 */
export function pickleTree(reading: Pick<PickleReading, "value" | "objects">, source: ByteSource, budget: MemoryBudget): PickleTree {
  const tensors = arrayTensors(source, reading.objects);
  const known = new Map<object, TreeValue>();
  // Containers are handed out empty and filled from this list, so that neither depth nor cycles need recursion.
  const pending: ((() => void) | undefined)[] = [];

  function toTree(wrapped: PickleValue, path: string, level: number): TreeValue {
    const node = unwrap(wrapped);
    if (typeof node !== "object" || node === null) return node;
    const before = known.get(node);
    if (before !== undefined) return before;
    const tensor = tensors.read(node, path);
    if (tensor !== undefined) {
      budget.spend(memoryCosts.tensor);
      return tensor;
    }
    if (level > maxLevels) {
      throw new LongspanError(
        "limit-exceeded",
        `${source.name}: values are nested more than ${maxLevels} levels deep. This is not a checkpoint.`,
        {
          details: { limit: maxLevels },
        },
      );
    }
    budget.spend(memoryCosts.list);
    const made = make(node, path, level);
    known.set(node, made);
    return made;
  }

  function make(node: Exclude<PickleValue, null | boolean | number | bigint | string>, path: string, level: number): TreeValue {
    switch (node.kind) {
      case "list":
      case "tuple":
      case "set":
        return toList(node.kind, node.items, path, level);
      case "dict":
        return toMap(node.size, () => node.entries, path, level);
      case "object":
        return toObject(node, path, level);
      case "global":
        return { kind: "opaque", className: `${node.module}.${node.name}` };
      case "bytes":
        return {
          kind: "opaque",
          className: node.mutable ? "builtins.bytearray" : "builtins.bytes",
        };
      case "text":
        return { kind: "opaque", className: "builtins.str" };
      default:
        return { kind: "opaque", className: "persistent id" };
    }
  }

  function toList(kind: TreeList["kind"], values: readonly PickleValue[], path: string, level: number): TreeList {
    const list: { -readonly [Key in keyof TreeList]: TreeList[Key] } = { kind, items: [] };
    if (values.length > 0)
      pending.push(() => {
        list.items = values.map((item, index) => toTree(item, join(path, String(index)), level + 1));
      });
    return list;
  }

  function toMap(size: number, entriesOf: () => readonly PickleEntry[], path: string, level: number): TreeMap {
    budget.spend(memoryCosts.map - memoryCosts.list + memoryCosts.entry * size);
    const entries: (readonly [TreeValue, TreeValue])[] = [];
    if (size > 0)
      pending.push(() => {
        for (const [key, item] of entriesOf()) {
          const segment = typeof key === "object" ? "?" : String(key);
          entries.push([toTree(key, join(path, "<key>"), level + 1), toTree(item, join(path, segment), level + 1)]);
        }
      });
    return treeMap(entries);
  }

  function toObject(node: PickleObject, path: string, level: number): TreeValue {
    const className = globalName(node.callable) ?? "unknown";
    if (dictClasses.has(className)) {
      const first = pairs(node.args);
      return toMap(first.length + (node.entries?.size ?? 0), () => [...first, ...(node.entries?.entries ?? [])], path, level);
    }
    const scalar = parseScalar(node);
    if (scalar !== undefined) return scalar;
    const opaque: { -readonly [Key in keyof TreeOpaque]: TreeOpaque[Key] } = {
      kind: "opaque",
      className,
    };
    const { state } = node;
    if (state !== undefined) pending.push(() => void (opaque.state = toTree(state, path, level + 1)));
    return opaque;
  }

  const root = toTree(reading.value, "", 1);
  for (let index = 0; index < pending.length; index++) {
    const fill = pending[index];
    pending[index] = undefined;
    fill?.();
  }
  return { root, readAsBfloat16: tensors.readAsBfloat16 };
}

/** Python 2 pickles an OrderedDict as a call with a list of pairs. */
function pairs(args: readonly PickleValue[]): PickleEntry[] {
  const last = args.at(-1);
  if (typeof last !== "object" || (last?.kind !== "list" && last?.kind !== "tuple")) return [];
  const entries: PickleEntry[] = [];
  for (const item of last.items) {
    const pair = typeof item === "object" && item?.kind === "list" ? item.items : tupleItems(item);
    if (pair?.length === 2) entries.push([pair[0] ?? null, pair[1] ?? null]);
  }
  return entries;
}

/** Paths are for messages; the names that files are converted by are keys. */
const maxPathLength = 1000;

function join(path: string, segment: string): string {
  const joined = path === "" ? segment : `${path}.${segment}`;
  return joined.length > maxPathLength ? boundedText(joined, maxPathLength) : joined;
}
