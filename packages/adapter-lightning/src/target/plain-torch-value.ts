import type { TorchValue } from "@longspan/adapter-torch/writing";
import { foldTree, isTreeMap, type TreeFold, type TreeLeaf, type TreeMap, type TreeValue } from "@longspan/core/adapter";

/** Written values, each shared one counted at every place it unfolds to. Real hyper-parameters have some hundred. */
const limits = { values: 10_000, characters: 1_000_000, depth: 32 } as const;

/**
 * Keys by which Lightning imports and calls something when it loads a checkpoint (lightning/pytorch/core/saving.py,
 * `_load_state`). They come from the source file, so they are not carried into a file that a person trusts as ours.
 */
const executableKeys: ReadonlySet<string> = new Set(["_instantiator", "_class_path"]);

/**
 * Hyper-parameters as plain dicts, lists, tuples, text, numbers, booleans and None, which `torch.load(weights_only=True)`
 * accepts. What cannot be said so (objects of classes, tensors, sets, a value within itself) is left out of the dict that holds it. Undefined when
 * nothing remains, or when there is more than a training script's hyper-parameters can be.
 */
export function plainTorchDictionary(value: TreeValue | undefined): TorchValue | undefined {
  if (!isTreeMap(value)) return undefined;
  const { result, complete } = foldTree(value, toTorch(value), limits);
  const isEmpty = typeof result !== "object" || result?.kind !== "map" || result.entries.length === 0;
  return complete && !isEmpty ? result : undefined;
}

const toTorch = (root: TreeMap): TreeFold<TorchValue> => ({
  leaf: plainLeaf,
  list(list, items) {
    // Without one of them the others would move to other places.
    if (list.kind === "set" || items.includes(undefined)) return undefined;
    return { kind: list.kind, items: items.filter((item) => item !== undefined) };
  },
  map(map, entries) {
    return {
      kind: "map",
      entries: entries.flatMap(([key, item]) => {
        const isLeft = (typeof key === "object" && key !== null) || (map === root && typeof key === "string" && executableKeys.has(key));
        const plainKey = isLeft ? undefined : plainLeaf(key);
        return plainKey !== undefined && item !== undefined ? [[plainKey, item] as const] : [];
      }),
    };
  },
  opaque: () => undefined,
  left: () => undefined,
});

function plainLeaf(value: TreeLeaf): TorchValue | undefined {
  // Python writes file names that are no Unicode as lone surrogates, which UTF-8 cannot say.
  if (typeof value === "string") return value.isWellFormed() ? value : undefined;
  if (typeof value === "bigint") return BigInt.asIntN(128, value) === value ? value : undefined;
  return typeof value === "object" && value !== null ? undefined : value;
}
