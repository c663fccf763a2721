import {
  type Claim,
  type Envelope,
  type EnvelopeContents,
  isTreeMap,
  type OpenedContainer,
  type PlainConfiguration,
  tensorSearch,
  type TreeValue,
} from "@longspan/core/adapter";
import { collectTensors, notAStateDict } from "./collect-tensors.ts";
import { findStateDicts, type FoundState, type FoundStates } from "./find-state-dicts.ts";
import { modelConfiguration } from "./model-configuration.ts";
import { moduleContents } from "./module.ts";

/** Keys under which a file may keep the model's configuration. */
const configurationKeys = ["config", "model_config"] as const;

/** A training script's own file: the model's state dict (or the whole module) under a key, with an optimizer and counters beside it;
 * with further copies of the model, or a state dict for each of its modules, all of them. */
export function nestedStateDictEnvelope(): Envelope {
  return { name: "nested-state-dict", detect, open };
}

function detect({ root }: OpenedContainer): Claim | undefined {
  if (!isTreeMap(root)) return undefined;
  const found = findStateDicts(root);
  if (found === undefined) return undefined;
  const paths = found.states.slice(0, 3).map(({ path }) => `"${path}"`);
  return { specificity: found.byName ? 40 : 25, evidence: `a state dict under ${paths.join(", ")}` };
}

function open({ root }: OpenedContainer): EnvelopeContents {
  const found = isTreeMap(root) ? findStateDicts(root) : undefined;
  if (found === undefined) throw notAStateDict("The file's value", root);
  const several = found.states.length > 1;
  const [first, ...others] = found.states.map((state) => contentsUnder(state, several));
  if (first === undefined) throw notAStateDict("The file's value", root);
  const metadata = new Map(first.metadata);
  const dropped: { name: string; reason: string }[] = [];
  const taken = new Set<TreeValue>(found.states.map(({ value }) => value));
  const holdsTensor = tensorSearch();
  for (const { map, key } of found.around) {
    for (const [name, value] of map.entries) {
      if (name === key || typeof name !== "string" || taken.has(value)) continue;
      if (holdsTensor(value))
        dropped.push({ name, reason: `stands beside the model's "${found.states[0].path}": training state, not the model` });
      else metadata.set(name, value);
    }
  }
  const beside = first.config === undefined ? configurationBeside(found) : undefined;
  return {
    ...first,
    tensors: [first, ...others].flatMap(({ tensors }) => tensors),
    unreadable: [first, ...others].flatMap(({ unreadable = [] }) => unreadable),
    dropped: [...[first, ...others].flatMap((contents) => contents.dropped), ...dropped],
    metadata,
    config: first.config ?? beside?.config,
    warnings: [...[first, ...others].flatMap(({ warnings }) => warnings), ...(beside?.warnings ?? [])],
  };
}

/** A state dict's tensors, which are told by where they come from; with several, their names are, too. */
function contentsUnder({ path, value }: FoundState, several: boolean): EnvelopeContents {
  const contents: EnvelopeContents = isTreeMap(value) ? collectTensors(value.entries) : moduleContents(value);
  const prefix = `${path}.`;
  const under = <Entry extends { readonly name: string; readonly sourceName: string }>(entry: Entry): Entry => ({
    ...entry,
    name: several ? prefix + entry.name : entry.name,
    sourceName: prefix + entry.sourceName,
  });
  return {
    ...contents,
    tensors: contents.tensors.map(under),
    unreadable: contents.unreadable?.map(under),
    dropped: contents.dropped.map(({ name, reason }) => ({ name: prefix + name, reason })),
  };
}

function configurationBeside(found: FoundStates): PlainConfiguration | undefined {
  for (const { map } of found.around.toReversed()) {
    for (const key of configurationKeys) {
      const configuration = modelConfiguration(map.get(key), key);
      if (configuration !== undefined) return configuration;
    }
  }
  return undefined;
}
