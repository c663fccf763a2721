import type { EnvelopeTensor, TreeMap } from "@longspan/core";
import { isTensor, LongspanError } from "@longspan/core";
import { stateDictKey } from "./top-level-keys.ts";
import { describe, isOpaque } from "./tree-walks.ts";
import { withoutWrapperSegments } from "./wrapper-segments.ts";

export interface StateDictContents {
  readonly tensors: readonly EnvelopeTensor[];
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
}

/** @throws LongspanError `malformed` for a key that is not text, and for two tensors whose names differ only by wrappers. */
export function readStateDict(stateDict: TreeMap): StateDictContents {
  const tensors = new Map<string, EnvelopeTensor>();
  const dropped: { name: string; reason: string }[] = [];
  for (const [key, value] of stateDict.entries) {
    if (typeof key !== "string") {
      throw new LongspanError(
        "malformed",
        `${stateDictKey}: a name in it is ${describe(key)}, where torch writes only text. This is not the state dict of a module.`,
        { details: { found: describe(key), expected: "a string" } },
      );
    }
    if (!isTensor(value)) {
      const reason =
        isOpaque(value) && value.reason !== undefined
          ? value.reason
          : `not a tensor but ${describe(value)}`;
      dropped.push({ name: key, reason });
      continue;
    }
    const name = withoutWrapperSegments(key);
    const other = tensors.get(name);
    if (other === undefined) {
      tensors.set(name, { name, sourceName: key, tensor: value });
    } else if (other.sourceName === key) {
      throw new LongspanError(
        "malformed",
        `${stateDictKey}: "${key}" stands in it twice. Which of the two counts is unknown.`,
        {
          details: { name: key },
        },
      );
    } else if (other.tensor.storage.identity === value.storage.identity) {
      dropped.push({
        name: key,
        reason: `the same tensor as ${other.sourceName}, seen through a wrapper`,
      });
    } else {
      throw new LongspanError(
        "malformed",
        `${stateDictKey}: "${other.sourceName}" and "${key}" differ only by the names of wrappers, but hold different tensors. ` +
          "Save one of the two models, then convert that file.",
        { details: { names: [other.sourceName, key] } },
      );
    }
  }
  return { tensors: [...tensors.values()], dropped };
}
