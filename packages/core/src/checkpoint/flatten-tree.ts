import { LongspanError } from "../errors/longspan-error.ts";
import { foldTree } from "./fold-tree.ts";
import type { TreeMap, TreeValue } from "./tree.ts";

/** Of a model with 1,000 layers there are 40,000. */
const maxValues = 1_000_000;

/**
 * The values of nested maps under their joined keys, in the file's order: `{ encoder: { layer: w } }` is `encoder/layer`. Lists and
 * objects are values; entries whose key is no text are left out. Where two paths join to one name, both are there.
 * @throws LongspanError `malformed` for a map within itself; `limit-exceeded` for more than a million values, shared ones counted in each place.
 */
export function flattenTree(root: TreeMap, separator: string): (readonly [name: string, value: TreeValue])[] {
  type Entries = (readonly [readonly string[], TreeValue])[];
  const { result, complete } = foldTree<Entries>(
    root,
    {
      leaf: (value) => [[[], value]],
      list: (list) => [[[], list]],
      opaque: (value) => [[[], value]],
      map: (_, entries) =>
        entries.flatMap(([key, found]) =>
          typeof key === "string" ? (found ?? []).map(([path, value]) => [[key, ...path], value] as const) : [],
        ),
      left(_, why) {
        if (why === "cycle") throw new LongspanError("malformed", "A map of the state dict contains itself. Save the file again.");
        return undefined;
      },
    },
    { values: maxValues },
  );
  if (!complete) {
    throw new LongspanError(
      "limit-exceeded",
      `The state dict has more than ${maxValues} values, or names too long. This is no file of weights.`,
    );
  }
  return (result ?? []).map(([path, value]) => [path.join(separator), value]);
}
