import { LongspanError } from "@longspan/core";

/** Module paths of a Longformer have some 60 characters; what is longer is none. */
const maxPathLength = 300;

/**
 * What a key of `rank_pattern` and `alpha_pattern` may be made of: one character, a class or an escape, each perhaps repeated, and groups of
 * alternatives that are not. Python's and JavaScript's expressions mean the same here, and matching takes no longer than the cube of a path's length.
 */
const atom = String.raw`(?:\\[.dw\-]|\[\^?[\w.\\\-]+\]|[\w.\-])[*+?]?`;
const understood = /*#__PURE__*/ new RegExp(String.raw`^\^?(?:${atom}|\||\((?:\?:)?(?:${atom}|\|)+\))+\$?$`);
const maxRepetitions = 3;

/**
 * The value of the first key that fits a module's path, as PEFT looks it up (`get_pattern_key`, peft/utils/other.py): a regular expression for
 * the path or its last segments.
 * @throws LongspanError `unsupported` for a key that is an expression of another kind.
 */
export function patternValue(pattern: ReadonlyMap<string, number>, path: string, setting: string): number | undefined {
  if (path.length > maxPathLength) return undefined;
  for (const [key, value] of pattern) {
    if (key.length > maxPathLength || !understood.test(key) || repetitions(key) > maxRepetitions) {
      throw new LongspanError(
        "unsupported",
        `adapter_config.json: ${setting} has the key ${JSON.stringify(key.slice(0, 100))}, a regular expression of a kind that is not followed. Name the modules there, one key each, or merge with PEFT (merge_and_unload).`,
        { details: { setting, key: key.slice(0, 100) } },
      );
    }
    if (new RegExp(`^(?:.*\\.)?(?:${key})$`).test(path)) return value;
  }
  return undefined;
}

function repetitions(key: string): number {
  return key.replaceAll("(?:", "(").match(/[*+?]/g)?.length ?? 0;
}
