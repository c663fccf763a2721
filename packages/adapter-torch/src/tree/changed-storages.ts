import { asInteger, asString, asTuple, touchedNodes } from "@longspan/pickle";
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

/**
 * The keys of the storages (in tar archives: the ids of the tensors) whose bytes a pickle may change after a tensor was built over them: by item
 * assignment, or by a call nobody knows. Nothing in a pickle is carried out, so what the file's bytes say of them is not what torch would load.
 */
export function changedStorages(objects: readonly PickleObject[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const node of touchedNodes(objects, knownCall)) {
    const key = node.kind === "persistent-id" ? storageKey(node.id) : undefined;
    if (key !== undefined) keys.add(key);
  }
  return keys;
}

/** What tells a storage from others in a reference to it; undefined for a reference to something else. */
export function storageKey(id: PickleValue): string | undefined {
  const items = asTuple(id);
  const key = items === undefined ? id : items[2];
  const number = asInteger(key);
  return asString(key) ?? (number === undefined ? undefined : String(number));
}

function knownCall({ callable }: PickleObject): KnownCall {
  if (typeof callable !== "object" || callable?.kind !== "global") return undefined;
  const name = `${callable.module}.${callable.name}`;
  if (containers.has(name)) return "container";
  return values.has(name) || rebuildingModules.has(callable.module) ? "value" : undefined;
}
