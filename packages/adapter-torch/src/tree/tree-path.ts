import type { PickleValue } from "@longspan/pickle";

/** Where in the tree a value was first met. Linked, so that a deep nest costs no text until a name is needed. */
export interface TreePath {
  readonly parent: TreePath | undefined;
  readonly key: PickleValue | number;
}

/** Names longer than this keep their end: it tells tensors apart. */
const maximumSegments = 64;

/** `state_dict.encoder.layer.0.output.dense.weight`; an empty path is "the root". */
export function pathText(path: TreePath | undefined): string {
  const segments: string[] = [];
  let at = path;
  for (; at !== undefined && segments.length < maximumSegments; at = at.parent) segments.push(segmentText(at.key));
  if (at !== undefined) segments.push("…");
  return segments.length === 0 ? "the root" : segments.toReversed().join(".");
}

function segmentText(key: PickleValue | number): string {
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "bigint") return String(key);
  return "?";
}
