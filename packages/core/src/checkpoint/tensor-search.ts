import { isTensor, isTensorLike, type TreeValue } from "./tree.ts";

/**
 * Finds out which values have a tensor (or what would have been one) inside, of at least so many dimensions. What it has seen it remembers
 * between questions, so that asking about every value of a file costs one walk; no depth costs stack.
 */
export function tensorSearch(dimensions = 0): (value: TreeValue) => boolean {
  const holding = new Set<TreeValue>();
  const without = new Set<TreeValue>();

  const isFound = (value: TreeValue): boolean =>
    holding.has(value) || (isTensor(value) ? value.shape.length >= dimensions : isTensorLike(value));

  return (root) => {
    if (isFound(root)) return true;
    const seen = new Set<TreeValue>();
    // Containers around the value at hand, each with how many of its parts were looked at.
    const path: { readonly parts: readonly TreeValue[]; readonly value: TreeValue; next: number }[] = [];
    const enter = (value: TreeValue): void => {
      if (typeof value !== "object" || value === null || value.kind === "tensor" || seen.has(value) || without.has(value)) return;
      seen.add(value);
      path.push({ parts: partsOf(value), value, next: 0 });
    };
    enter(root);
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      if (at.next === at.parts.length) {
        path.pop();
        continue;
      }
      const part = at.parts[at.next++] ?? null;
      if (isFound(part)) {
        for (const { value } of path) holding.add(value);
        return true;
      }
      enter(part);
    }
    for (const value of seen) without.add(value);
    return false;
  };
}

function partsOf(value: Exclude<TreeValue, null | boolean | number | bigint | string>): readonly TreeValue[] {
  switch (value.kind) {
    case "tensor":
      return [];
    case "map":
      return value.entries.map(([, item]) => item);
    case "opaque":
      return value.state === undefined ? [] : [value.state];
    default:
      return value.items;
  }
}
