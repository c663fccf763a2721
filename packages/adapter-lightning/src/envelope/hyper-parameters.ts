import type { TreeMap, TreeOpaque, TreeValue } from "@longspan/core";
import { treeMap } from "@longspan/core";
import { attributesOf, isOpaque, simpleClassName } from "./tree-walks.ts";

/**
 * Hyper-parameters nest a few levels (a configuration inside a Namespace inside a dict). Deeper values stay as they are in the
 * file, so that a hostile nest cannot exhaust the stack.
 */
const maximumDepth = 64;

/** Classes that are only a bag of names: argparse, types, Lightning, test_tube (0.x), easydict. */
const bagsOfNames: ReadonlySet<string> = new Set(["Namespace", "SimpleNamespace", "AttributeDict", "TTNamespace", "EasyDict", "Box"]);

/**
 * Hyper-parameters without their classes: `argparse.Namespace`, `AttributeDict` and OmegaConf containers become maps and lists,
 * at the top and inside. Objects of other classes stay opaque. Nothing is executed, no tensor is read, shared and cyclic
 * values stay shared and cyclic.
 */
export function plainHyperParameters(value: TreeValue): TreeValue {
  const done = new Map<object, TreeValue>();
  return plain(isOpaque(value) && unwrapped(value) === undefined ? (attributesOf(value) ?? value) : value, done, 0);
}

function plain(value: TreeValue, done: Map<object, TreeValue>, depth: number): TreeValue {
  if (typeof value !== "object" || value === null || value.kind === "tensor") return value;
  const known = done.get(value);
  if (known !== undefined) return known;
  if (depth > maximumDepth) return value;
  if (value.kind === "opaque") {
    const inner = unwrapped(value);
    if (inner === undefined) {
      done.set(value, value);
      return value;
    }
    const result = plain(inner, done, depth + 1);
    done.set(value, result);
    return result;
  }
  if (value.kind === "map") {
    const entries: (readonly [TreeValue, TreeValue])[] = [];
    const result: TreeMap = treeMap(entries);
    done.set(value, result);
    for (const [key, item] of value.entries) entries.push([plain(key, done, depth + 1), plain(item, done, depth + 1)]);
    return result;
  }
  const items: TreeValue[] = [];
  const result: TreeValue = { kind: value.kind, items };
  done.set(value, result);
  for (const item of value.items) items.push(plain(item, done, depth + 1));
  return result;
}

/** The value an object stands for, when its class only wraps it. */
function unwrapped(value: TreeOpaque): TreeValue | undefined {
  if (bagsOfNames.has(simpleClassName(value))) return attributesOf(value);
  if (!value.className.startsWith("omegaconf.")) return undefined;
  // omegaconf keeps a container's items under `_content` and a leaf's value under `_val` (omegaconf/basecontainer.py, nodes.py).
  const state = attributesOf(value);
  const content = state?.get("_content");
  return content === undefined ? state?.get("_val") : content;
}
