import { type TreeList, type TreeMap, treeMap, type TreeOpaque, type TreeValue } from "@longspan/core/adapter";
import { attributesOf, isOpaque, simpleClassName } from "./tree-walks.ts";

/** Classes that are only a bag of names: argparse, types, Lightning, test_tube (0.x), easydict. */
const bagsOfNames: ReadonlySet<string> = new Set(["Namespace", "SimpleNamespace", "AttributeDict", "TTNamespace", "EasyDict", "Box"]);

/**
 * Hyper-parameters without their classes: `argparse.Namespace`, `AttributeDict` and OmegaConf containers become maps and lists,
 * at the top and inside. Objects of other classes stay opaque. Nothing is executed, no tensor is read, shared and cyclic
 * values stay shared and cyclic.
 */
export function plainHyperParameters(root: TreeValue): TreeValue {
  const done = new Map<TreeValue, TreeValue>();
  const innermost = new Map<TreeValue, TreeValue>();
  // Containers are handed out empty and filled from this list: neither depth nor cycles need a stack.
  const pending: (() => void)[] = [];

  function plain(wrapped: TreeValue): TreeValue {
    const value = withoutWrappers(wrapped, innermost);
    if (typeof value !== "object" || value === null || value.kind === "tensor" || value.kind === "opaque") return value;
    const known = done.get(value);
    if (known !== undefined) return known;
    const made = value.kind === "map" ? plainMap(value) : plainList(value);
    done.set(value, made);
    return made;
  }

  function plainMap(map: TreeMap): TreeMap {
    const entries: (readonly [TreeValue, TreeValue])[] = [];
    pending.push(() => {
      for (const [key, item] of map.entries) entries.push([plain(key), plain(item)]);
    });
    return treeMap(entries);
  }

  function plainList({ kind, items: given }: TreeList): TreeList {
    const items: TreeValue[] = [];
    pending.push(() => {
      for (const item of given) items.push(plain(item));
    });
    return { kind, items };
  }

  const result = plain(isOpaque(root) && unwrapped(root) === undefined ? (attributesOf(root) ?? root) : root);
  for (let fill = pending.pop(); fill !== undefined; fill = pending.pop()) fill();
  return result;
}

/** What lies in wrappers within wrappers; a wrapper within itself stays. */
function withoutWrappers(value: TreeValue, innermost: Map<TreeValue, TreeValue>): TreeValue {
  const seen = new Set<TreeValue>();
  let current = value;
  while (isOpaque(current) && !seen.has(current)) {
    seen.add(current);
    const inner = innermost.get(current) ?? unwrapped(current);
    if (inner === undefined) break;
    current = inner;
  }
  // Each wrapper of a long row is passed once, however many refer to it.
  for (const wrapper of seen) innermost.set(wrapper, current);
  return current;
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
