import { boundedText } from "@longspan/core/adapter";
import type { PickleValue } from "@longspan/pickle";

/** Where in the tree a value was first met. Linked, so that a deep nest costs no text until a name is needed. */
export interface TreePath {
  readonly parent: TreePath | undefined;
  readonly key: PickleValue;
}

/** Longer names keep their end: it tells tensors apart. The names that files are converted by are keys, not these. */
const maxSegments = 64;
const maxCharacters = 1000;

/** `state_dict.encoder.layer.0.output.dense.weight`; an empty path is "the root". */
export function pathText(path: TreePath | undefined): string {
  let text = "";
  let segments = 0;
  let at = path;
  for (; at !== undefined && segments < maxSegments && text.length < maxCharacters; at = at.parent) {
    const segment = segmentText(at.key);
    text = segments++ === 0 ? segment : `${segment}.${text}`;
  }
  if (segments === 0) return "the root";
  return at === undefined ? text : `….${text}`;
}

function segmentText(key: PickleValue): string {
  if (typeof key === "string") return boundedText(key, maxCharacters);
  if (typeof key === "number" || typeof key === "bigint") return String(key);
  return "?";
}
