import { treeMap, type TreeMap, type TreeValue } from "@longspan/core/adapter";

type Branch = Map<string | number, Branch | Leaf>;

interface Leaf {
  readonly value: TreeValue;
}

/** A state dict as it was before it was flattened: every value under the keys that lead to it. Values whose path runs through another value keep their flat name at the top. */
export function nestedTree(
  values: Iterable<{ readonly name: string; readonly path: readonly (string | number)[]; readonly value: TreeValue }>,
): TreeMap {
  const root: Branch = new Map();
  for (const { name, path, value } of values) {
    const branch = branchFor(root, path.slice(0, -1));
    const key = path.at(-1);
    if (branch === undefined || key === undefined || branch.has(key)) root.set(name, { value });
    else branch.set(key, { value });
  }
  return mapOf(root);
}

function branchFor(root: Branch, keys: readonly (string | number)[]): Branch | undefined {
  let branch = root;
  for (const key of keys) {
    const next = branch.get(key);
    if (next === undefined) {
      const made: Branch = new Map();
      branch.set(key, made);
      branch = made;
    } else if (next instanceof Map) branch = next;
    else return undefined;
  }
  return branch;
}

/** Paths are at most 64 keys long, so this recursion ends. */
function mapOf(branch: Branch): TreeMap {
  return treeMap([...branch].map(([key, item]) => [key, item instanceof Map ? mapOf(item) : item.value] as const));
}
