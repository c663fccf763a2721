import { asString, asTuple, touchedNodes } from "@longspan/pickle";
import type { KnownCall, PickleObject, PickleValue } from "@longspan/pickle";

/** Calls that make a dict or an instance of a class, into which items are stored as into any dict. */
const containers: ReadonlySet<string> = new Set([
  "collections.OrderedDict",
  "collections.defaultdict",
  "collections.Counter",
  "builtins.dict",
  "copyreg._reconstructor",
  "copyreg.__newobj__",
]);

/** Calls that make a value of their arguments and leave these as they are, beside torch's own functions for that. */
const values: ReadonlySet<string> = new Set([
  "torch.Size",
  "torch.autograd.variable.Variable",
  "builtins.set",
  "builtins.frozenset",
  "builtins.getattr",
]);

/** Modules of torch whose functions in a pickle do nothing but rebuild what was saved. */
const rebuildingModules: ReadonlySet<string> = new Set(["torch._utils", "torch._tensor", "torch.tensor", "torch.nn.parameter"]);

/** What tells a storage from others, by a reference of the pickle; undefined for a reference to something else. */
export type StorageKey = (id: PickleValue) => string | undefined;

/**
 * The keys of the storages whose bytes a pickle may change after a tensor was built over them: by item
 * assignment, or by a call nobody knows. Nothing in a pickle is carried out, so what the file's bytes say of them is not what torch would load.
 */
export function changedStorages(objects: readonly PickleObject[], keyOf: StorageKey): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const node of touchedNodes(objects, knownCall)) {
    const key = node.kind === "persistent-id" ? keyOf(node.id) : undefined;
    if (key !== undefined) keys.add(key);
  }
  return keys;
}

/** The key in `("storage", class, key, location, elements)`, also where a tensor looks at a part of it only. */
export const storageKey: StorageKey = (id) => asString(asTuple(id)?.[2]);

function knownCall({ callable }: PickleObject): KnownCall {
  if (typeof callable !== "object" || callable?.kind !== "global") return undefined;
  const name = `${callable.module}.${callable.name}`;
  if (containers.has(name)) return "container";
  return values.has(name) || rebuildingModules.has(callable.module) ? "value" : undefined;
}
