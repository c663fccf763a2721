import { type ByteSource, LongspanError, type TreeMap, type TreeOpaque, type TreeValue, treeMap } from "@longspan/core";
import type { PickleEntry, PickleObject, PickleValue } from "@longspan/pickle";
import { arrayTensors, unwrap } from "./array-tensors.ts";
import { globalName, tupleItems } from "./called.ts";
import { parseScalar } from "./numpy-scalar.ts";

/** Levels of lists and dicts inside each other. Checkpoints have a handful; Python itself stops pickling at its recursion limit of 1000. */
const mostLevels = 1000;

const dictClasses = new Set(["collections.OrderedDict", "collections.defaultdict", "builtins.dict"]);

export interface PickleTree {
  readonly root: TreeValue;
  /** Names of the tensors whose elements are spelled uint16 and read as bfloat16. */
  readonly readAsBfloat16: readonly string[];
}

/**
 * A pickle's inert values as a tree with lazy tensors. Shared and cyclic values stay so; classes and calls become opaque, and so do arrays whose elements
 * no tensor can have.
 * @throws LongspanError `tensor-invalid` for an array that contradicts itself, `limit-exceeded` for more than 1000 levels
 */
export function pickleTree(value: PickleValue, source: ByteSource): PickleTree {
  const tensors = arrayTensors(source);
  const known = new Map<object, TreeValue>();
  // Containers are handed out empty and filled from this list, so that neither depth nor cycles need recursion.
  const pending: (() => void)[] = [];

  function toTree(wrapped: PickleValue, path: string, level: number): TreeValue {
    const node = unwrap(wrapped);
    if (typeof node !== "object" || node === null) return node;
    const tree = tensors.read(node, path) ?? known.get(node);
    if (tree !== undefined) return tree;
    if (level > mostLevels) {
      throw new LongspanError(
        "limit-exceeded",
        `${source.name}: values are nested more than ${mostLevels} levels deep. This is not a checkpoint.`,
        {
          details: { limit: mostLevels },
        },
      );
    }
    const made = make(node, path, level);
    known.set(node, made);
    return made;
  }

  function make(node: Exclude<PickleValue, null | boolean | number | bigint | string>, path: string, level: number): TreeValue {
    switch (node.kind) {
      case "list":
      case "tuple":
      case "set": {
        const items: TreeValue[] = [];
        pending.push(() => {
          for (const item of node.items) items.push(toTree(item, join(path, String(items.length)), level + 1));
        });
        return { kind: node.kind, items };
      }
      case "dict":
        return toMap(() => node.entries, path, level);
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

  function toMap(entriesOf: () => readonly PickleEntry[], path: string, level: number): TreeMap {
    const entries: (readonly [TreeValue, TreeValue])[] = [];
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
    if (dictClasses.has(className)) return toMap(() => [...pairs(node.args), ...(node.entries?.entries ?? [])], path, level);
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

  const root = toTree(value, "", 1);
  for (let index = 0; index < pending.length; index++) pending[index]?.();
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

function join(path: string, segment: string): string {
  return path === "" ? segment : `${path}.${segment}`;
}
