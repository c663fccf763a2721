import type { TreeValue } from "./tree.ts";

/** What a value is, in a few words, for messages. */
export function describeTree(value: TreeValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (typeof value === "string") return "text";
  if (typeof value !== "object") return `a ${typeof value}`;
  if (value.kind === "opaque") return `an object of the class ${value.className}`;
  return value.kind === "map" ? "a dict" : `a ${value.kind}`;
}
