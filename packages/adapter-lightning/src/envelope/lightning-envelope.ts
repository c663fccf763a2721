import { LongspanError } from "@longspan/core";
import {
  type Claim,
  describeTree,
  type Envelope,
  type EnvelopeContents,
  isTreeMap,
  type OpenedContainer,
  tensorSearch,
  type TreeMap,
  type TreeValue,
} from "@longspan/core/adapter";
import { collectTensors } from "@longspan/adapter-torch";
import type { FoundObject } from "./find-in-hyper-parameters.ts";
import { objectsWithin } from "./find-in-hyper-parameters.ts";
import { plainHyperParameters } from "./hyper-parameters.ts";
import { readConfiguration } from "./read-configuration.ts";
import {
  droppedKeys,
  hyperParameterKeys,
  hyperParameterTypeKey,
  shardedStateDictKeys,
  stateDictKey,
  versionKey,
} from "./top-level-keys.ts";
import { isEmpty, isOpaque, simpleClassName } from "./tree-walks.ts";

/** The key under which every generation's hyper-parameters stand in `EnvelopeContents.metadata`. */
export const hyperParametersMetadata = "hyper_parameters";

/** How many names a message lists. */
const listedKeys = 12;

/**
 * Checkpoints of (PyTorch) Lightning 0.6 to 2.6: the state dict, and beside it the training's hyper-parameters. Optimizer
 * state, callbacks and loops are left where they are, unread. The source is `dump_checkpoint` of each generation.
 */
export function lightningEnvelope(): Envelope {
  return { name: "lightning", detect, open };
}

function detect(container: OpenedContainer): Claim | undefined {
  const { root } = container;
  if (!isTreeMap(root)) return undefined;
  const version = root.get(versionKey);
  if (version !== undefined) {
    return {
      specificity: 80,
      evidence: `key "${versionKey}"${typeof version === "string" ? ` (${version.slice(0, 40)})` : ""}`,
    };
  }
  if (root.get(stateDictKey) === undefined) return undefined;
  // Lightning up to 0.7 wrote no version, and weights are often published with the hyper-parameters alone.
  if (root.get("epoch") !== undefined && root.get("global_step") !== undefined) {
    return { specificity: 80, evidence: `keys "${stateDictKey}", "epoch" and "global_step"` };
  }
  const key = hyperParameterKeys.find((name) => root.get(name) !== undefined);
  return key === undefined ? undefined : { specificity: 80, evidence: `keys "${stateDictKey}" and "${key}"` };
}

function open(container: OpenedContainer): EnvelopeContents {
  const { root } = container;
  if (!isTreeMap(root))
    throw new LongspanError("malformed", `A Lightning checkpoint is a dict, but this file holds ${describeTree(root)}.`);
  const [stateKey, stateDict] = stateDictOf(root);
  const { tensors, unreadable, dropped, warnings } = collectTensors(stateDict.entries);
  const metadata = new Map<string, TreeValue>();
  const allDropped = [...dropped];
  const [holdsTensor, holdsMatrix] = [tensorSearch(), tensorSearch(2)];
  for (const [key, value] of root.entries) {
    if (typeof key !== "string" || key === stateKey || hyperParameterKeys.includes(key)) continue;
    const reason = droppedKeys.get(/^optimizer_\d+$/.test(key) ? "optimizer_states" : key);
    if (reason === undefined) {
      metadata.set(key, value);
      if (holdsTensor(value))
        allDropped.push({
          name: key,
          reason: "kept by the training script beside the model's weights",
        });
    } else if (!isEmpty(value)) {
      const more = key === "callbacks" && holdsMatrix(value) ? "; matrices among it may be an average of the weights" : "";
      allDropped.push({ name: key, reason: reason + more });
    }
  }
  const configuration = readConfiguration(readHyperParameters(root, metadata), [...tensors, ...(unreadable ?? [])]);
  return {
    tensors,
    unreadable,
    dropped: allDropped,
    config: configuration.config,
    head: configuration.head,
    metadata,
    warnings: [...warnings, ...configuration.warnings],
  };
}

function stateDictOf(root: TreeMap): readonly [key: string, stateDict: TreeMap] {
  const stateDict = root.get(stateDictKey);
  if (isTreeMap(stateDict)) return [stateDictKey, stateDict];
  for (const key of stateDict === undefined ? shardedStateDictKeys : []) {
    const value = root.get(key);
    if (isTreeMap(value)) return [key, value];
  }
  const keys = root.entries.map(([key]) => (typeof key === "string" ? key : describeTree(key)));
  const names = keys.slice(0, listedKeys).join(", ") + (keys.length > listedKeys ? ", …" : "");
  throw new LongspanError(
    "malformed",
    stateDict === undefined
      ? `This Lightning checkpoint has no "${stateDictKey}"; its keys are ${names}. Where a sharded strategy (FSDP, DeepSpeed) wrote it, give the folder that it lies in.`
      : `"${stateDictKey}" is ${describeTree(stateDict)}, where Lightning writes a dict of tensors.`,
    {
      details: {
        found: describeTree(stateDict),
        expected: "a dict of tensors",
        keys: keys.slice(0, listedKeys),
      },
    },
  );
}

/** Puts them into the metadata, whatever key and class they have in the file, and returns the objects among them. */
function readHyperParameters(root: TreeMap, metadata: Map<string, TreeValue>): readonly FoundObject[] {
  const type = root.get(hyperParameterTypeKey);
  if (isOpaque(type)) metadata.set(hyperParameterTypeKey, simpleClassName(type));
  const key = hyperParameterKeys.find((name) => root.get(name) !== undefined);
  const value = key === undefined ? undefined : root.get(key);
  if (value === undefined) return [];
  const plain = plainHyperParameters(value);
  const className = isOpaque(value) ? value.className : undefined;
  metadata.set(hyperParametersMetadata, plain);
  if (isOpaque(value) && isTreeMap(plain) && type === undefined) metadata.set(hyperParameterTypeKey, simpleClassName(value));
  return objectsWithin(plain, hyperParametersMetadata, className);
}
