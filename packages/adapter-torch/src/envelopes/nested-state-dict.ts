import { isTensorLike, isTreeMap, tensorSearch } from "@longspan/core";
import type {
  Claim,
  Envelope,
  EnvelopeContents,
  OpenedContainer,
  PlainConfiguration,
  TreeMap,
  TreeOpaque,
  TreeValue,
} from "@longspan/core";
import { collectTensors, notAStateDict } from "./collect-tensors.ts";
import { modelConfiguration } from "./model-configuration.ts";
import { isModule, moduleContents } from "./module.ts";

/** Keys under which training scripts keep the model, the likeliest first. */
const modelKeys = ["state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "weights", "params"] as const;

/** Files wrap a state dict once or twice. */
const maxDepth = 4;

/** Keys under which a file may keep the model's configuration. */
const configurationKeys = ["config", "model_config"] as const;

/** A training script's own file: the model's state dict (or the whole module) under a key, with an optimizer and counters beside it. */
export function nestedStateDictEnvelope(): Envelope {
  return { name: "nested-state-dict", detect, open };
}

interface Found {
  /** `model.state_dict`. */
  readonly path: string;
  readonly value: TreeMap | TreeOpaque;
  /** The maps around it, the outermost first, each with the key that was taken. */
  readonly around: readonly { readonly map: TreeMap; readonly key: string }[];
  /** Whether every step took a known key; else a map of tensors was found alone. */
  readonly byName: boolean;
}

function detect({ root }: OpenedContainer): Claim | undefined {
  if (!isTreeMap(root)) return undefined;
  const found = find(root);
  if (found === undefined) return undefined;
  return { specificity: found.byName ? 40 : 25, evidence: `a state dict under "${found.path}"` };
}

function open({ root }: OpenedContainer): EnvelopeContents {
  const found = isTreeMap(root) ? find(root) : undefined;
  if (found === undefined) throw notAStateDict("The file's value", root);
  const contents: EnvelopeContents = isTreeMap(found.value) ? collectTensors(found.value.entries) : moduleContents(found.value);
  const prefix = `${found.path}.`;
  const metadata = new Map(contents.metadata);
  const dropped = contents.dropped.map(({ name, reason }) => ({ name: prefix + name, reason }));
  const holdsTensor = tensorSearch();
  for (const { map, key } of found.around) {
    for (const [name, value] of map.entries) {
      if (name === key || typeof name !== "string") continue;
      if (holdsTensor(value)) dropped.push({ name, reason: `stands beside the model's "${found.path}": training state, not the model` });
      else metadata.set(name, value);
    }
  }
  const beside = contents.config === undefined ? configurationBeside(found) : undefined;
  return {
    ...contents,
    tensors: contents.tensors.map((tensor) => ({ ...tensor, sourceName: prefix + tensor.sourceName })),
    unreadable: contents.unreadable?.map((tensor) => ({ ...tensor, sourceName: prefix + tensor.sourceName })),
    dropped,
    metadata,
    config: contents.config ?? beside?.config,
    warnings: [...contents.warnings, ...(beside?.warnings ?? [])],
  };
}

function configurationBeside(found: Found): PlainConfiguration | undefined {
  for (const { map } of found.around.toReversed()) {
    for (const key of configurationKeys) {
      const configuration = modelConfiguration(map.get(key), key);
      if (configuration !== undefined) return configuration;
    }
  }
  return undefined;
}

function find(root: TreeMap): Found | undefined {
  const around: { map: TreeMap; key: string }[] = [];
  const holdsTensor = tensorSearch();
  let map = root;
  let byName = true;
  for (let depth = 0; depth < maxDepth; depth++) {
    const step = stepInto(map, holdsTensor);
    if (step === undefined) return undefined;
    byName &&= step.byName;
    around.push({ map, key: step.key });
    if (!isTreeMap(step.value) || isStateDict(step.value)) {
      return { path: around.map(({ key }) => key).join("."), value: step.value, around, byName };
    }
    map = step.value;
  }
  return undefined;
}

interface Step {
  readonly key: string;
  readonly value: TreeMap | TreeOpaque;
  readonly byName: boolean;
}

function stepInto(map: TreeMap, holdsTensor: (value: TreeValue) => boolean): Step | undefined {
  for (const key of modelKeys) {
    const value = map.get(key);
    if (isModule(value) || (isTreeMap(value) && holdsTensor(value))) return { key, value, byName: true };
  }
  // Without a known key: the one map of tensors, if there is only one.
  let only: { readonly key: string; readonly value: TreeMap | TreeOpaque } | undefined;
  const others = new Set<TreeValue>();
  for (const [key, value] of map.entries) {
    if (typeof key !== "string" || others.has(value)) continue;
    if (!isModule(value) && !(isTreeMap(value) && isStateDict(value))) {
      // A shared value is looked at once, however often it stands here.
      others.add(value);
      continue;
    }
    if (only !== undefined) return undefined;
    only = { key, value };
  }
  return only === undefined ? undefined : { ...only, byName: false };
}

/** At least half of the values are tensors. */
function isStateDict(map: TreeValue): boolean {
  if (!isTreeMap(map) || map.entries.length === 0) return false;
  return map.entries.filter(([, value]) => isTensorLike(value)).length * 2 >= map.entries.length;
}
