import { isTensor } from "@longspan/core";
import type { TreeValue } from "@longspan/core";
import { isRefusedTensor } from "../tree/refused-tensor.ts";

/** Whether a value is a tensor, or would have been one. */
export function isTensorLike(value: TreeValue): boolean {
  return isTensor(value) || isRefusedTensor(value);
}

/** Whether a tensor lies anywhere inside. Iterative, every shared value once. */
export function holdsTensor(value: TreeValue): boolean {
  const seen = new Set<object>();
  const waiting: TreeValue[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    if (isTensorLike(next)) return true;
    seen.add(next);
    if (next.kind === "map") for (const [, item] of next.entries) waiting.push(item);
    else if (next.kind === "opaque") waiting.push(next.state ?? null);
    else if (next.kind !== "tensor") for (const item of next.items) waiting.push(item);
  }
  return false;
}

/** What a value is, in a few words, for messages. */
export function describeTree(value: TreeValue): string {
  if (value === null) return "None";
  if (typeof value === "string") return "text";
  if (typeof value !== "object") return `a ${typeof value}`;
  if (value.kind === "opaque") return `an object of the class ${value.className}`;
  return value.kind === "map" ? "a dict" : `a ${value.kind}`;
}
