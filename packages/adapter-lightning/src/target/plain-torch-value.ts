import type { TorchValue } from "@longspan/adapter-torch";
import type { TreeValue } from "@longspan/core";

/** Written values, each shared one counted at every place it unfolds to. Real hyper-parameters have some hundred. */
const maximumValues = 10_000;
const maximumDepth = 32;

/**
 * Keys by which Lightning imports and calls something when it loads a checkpoint (lightning/pytorch/core/saving.py,
 * `_load_state`). They come from the source file, so they are not carried into a file that a person trusts as ours.
 */
const executableKeys: ReadonlySet<string> = new Set(["_instantiator", "_class_path"]);

interface Budget {
  left: number;
  /** What the value at hand lies in: a value within itself cannot be written. */
  readonly around: Set<object>;
}

/**
 * Hyper-parameters as plain dicts, lists, tuples, text, numbers, booleans and None, which `torch.load(weights_only=True)`
 * accepts. What cannot be said so (objects of classes, tensors, sets, a value within itself) is left out of the dict that holds it. Undefined when
 * nothing remains, or when there is more than a training script's hyper-parameters can be.
 */
export function plainTorchDictionary(value: TreeValue | undefined): TorchValue | undefined {
  if (typeof value !== "object" || value === null || value.kind !== "map") return undefined;
  const budget: Budget = { left: maximumValues, around: new Set() };
  const entries = value.entries.filter(([key]) => typeof key !== "string" || !executableKeys.has(key));
  budget.around.add(value);
  const result = plainMap(entries, budget, 0);
  return budget.left < 0 || result.entries.length === 0 ? undefined : result;
}

function plainMap(
  entries: readonly (readonly [TreeValue, TreeValue])[],
  budget: Budget,
  depth: number,
): { readonly kind: "map"; readonly entries: readonly (readonly [TorchValue, TorchValue])[] } {
  const result: (readonly [TorchValue, TorchValue])[] = [];
  for (const [key, item] of entries) {
    if (typeof key === "object" && key !== null) continue;
    const plainKey = plainTorchValue(key, budget, depth + 1);
    const plainItem = plainTorchValue(item, budget, depth + 1);
    if (plainKey !== undefined && plainItem !== undefined) result.push([plainKey, plainItem]);
  }
  return { kind: "map", entries: result };
}

function plainTorchValue(value: TreeValue, budget: Budget, depth: number): TorchValue | undefined {
  budget.left -= 1;
  if (budget.left < 0 || depth > maximumDepth) return undefined;
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  // Python writes file names that are no Unicode as lone surrogates, which UTF-8 cannot say.
  if (typeof value === "string") return value.isWellFormed() ? value : undefined;
  if (typeof value === "bigint") return BigInt.asIntN(128, value) === value ? value : undefined;
  if (budget.around.has(value)) return undefined;
  budget.around.add(value);
  const result = plainContainer(value, budget, depth);
  budget.around.delete(value);
  return result;
}

function plainContainer(value: object & TreeValue, budget: Budget, depth: number): TorchValue | undefined {
  if (value.kind === "map") return plainMap(value.entries, budget, depth);
  if (value.kind !== "list" && value.kind !== "tuple") return undefined;
  const items: TorchValue[] = [];
  for (const item of value.items) {
    const plain = plainTorchValue(item, budget, depth + 1);
    // Without it the others would move to other places.
    if (plain === undefined) return undefined;
    items.push(plain);
  }
  return { kind: value.kind, items };
}
