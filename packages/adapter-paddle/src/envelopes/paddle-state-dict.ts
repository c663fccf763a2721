import { LongspanError } from "@longspan/core";
import {
  type Claim,
  type Envelope,
  type EnvelopeContents,
  type EnvelopeTensor,
  isTensor,
  isTreeMap,
  type OpenedContainer,
  tensorSearch,
  type TreeMap,
  type TreeValue,
  type UnreadableTensor,
  whyNoTensor,
} from "@longspan/core/adapter";
import { isOptimizerEntry, isOptimizerTensor, optimizerReason } from "./optimizer-state.ts";
import { asBfloat16 } from "./read-as-bfloat16.ts";

/** Keys under which training scripts save `layer.state_dict()` beside other things. */
const modelKeys = ["model", "state_dict", "model_state_dict", "model_state", "params", "weights", "net", "network"];

/** What `paddle.DataParallel` and the distributed wrappers put before every name. */
const wrapperSegments = ["_layers.", "module."];

/** Attributes that only this adapter's containers have. */
const paddleAttributes = ["pickle-protocol", "parameter-names"];

/**
 * A Paddle state dict: flat, alone or as one value of a dict (`{"model": …, "opt": …}`), or a single tensor. Optimizer state is left out; the name table
 * and every other value become metadata.
 */
export function paddleStateDictEnvelope(): Envelope {
  return { name: "paddle-state-dict", detect, open };
}

function detect(container: OpenedContainer): Claim | undefined {
  const { root, attributes } = container;
  if (isTensor(root)) return isOurs(attributes) ? { specificity: 70, evidence: "a single tensor saved by Paddle" } : undefined;
  if (!isTreeMap(root) || findStateDict(root) === undefined) return undefined;
  if (isOurs(attributes)) return { specificity: 70, evidence: "a state dict in a file of Paddle's" };
  // safetensors with the metadata that PaddleNLP writes and demands; Hugging Face's say "pt".
  if (attributes.get("format") === "np")
    return {
      specificity: 60,
      evidence: 'safetensors metadata {"format": "np"}, as PaddleNLP writes it',
    };
  return { specificity: 15, evidence: "a map of names to tensors" };
}

function isOurs(attributes: ReadonlyMap<string, string>): boolean {
  return paddleAttributes.some((key) => attributes.has(key));
}

function open(container: OpenedContainer): EnvelopeContents {
  const { root, attributes } = container;
  const dropped: { readonly name: string; readonly reason: string }[] = [];
  const metadata = new Map<string, TreeValue>(attributes);
  if (isTensor(root))
    return {
      tensors: [{ name: root.name, sourceName: root.name, tensor: root }],
      dropped,
      metadata,
      warnings: [],
    };
  const found = isTreeMap(root) ? findStateDict(root) : undefined;
  if (!isTreeMap(root) || found === undefined)
    throw new LongspanError("malformed", "There is no state dict in the file: no map of names to tensors.");
  const holdsTensor = tensorSearch();
  if (found.key !== undefined) {
    for (const [key, value] of root.entries) {
      const name = keyText(key);
      if (name === found.key) continue;
      if (isOptimizerEntry(name)) dropped.push({ name, reason: optimizerReason });
      else if (holdsTensor(value)) dropped.push({ name, reason: `not part of the state dict under "${found.key}"` });
      else metadata.set(name, value);
    }
  }
  const tensors: EnvelopeTensor[] = [];
  const unreadable: UnreadableTensor[] = [];
  const path = found.key === undefined ? "" : `${found.key}.`;
  for (const [key, value] of found.entries) {
    const name = keyText(key);
    if (isTensor(value)) {
      if (isOptimizerTensor(name)) dropped.push({ name: path + name, reason: optimizerReason });
      else tensors.push({ name, sourceName: path + name, tensor: value });
      continue;
    }
    const reason = typeof value === "object" && value?.kind === "opaque" ? value.reason : undefined;
    const why = reason ?? whyNoTensor(name, value, holdsTensor);
    if (why !== undefined) {
      unreadable.push({ name, sourceName: path + name, reason: why });
      if (reason === undefined) metadata.set(name, value);
    } else if (isOptimizerEntry(name) && holdsTensor(value)) {
      dropped.push({ name: path + name, reason: optimizerReason });
    } else if (holdsTensor(value)) {
      dropped.push({ name: path + name, reason: "nested below the state dict" });
    } else {
      metadata.set(name, value);
    }
  }
  const bfloat16 = attributes.get("format") === "np" ? asBfloat16(tensors) : { tensors, warnings: [] };
  const named = withoutWrappers<EnvelopeTensor | UnreadableTensor>([...bfloat16.tensors, ...unreadable]);
  return {
    tensors: named.filter((entry) => "tensor" in entry),
    unreadable: named.filter((entry) => "reason" in entry),
    dropped,
    metadata,
    warnings: bfloat16.warnings,
  };
}

interface StateDict {
  /** Undefined for the root itself. */
  readonly key: string | undefined;
  readonly entries: TreeMap["entries"];
}

/**
 * The value under a usual name; else the only other map with tensors, where it has more of them than the root; else the root, where it has any.
 * Nothing where several maps could be meant.
 */
function findStateDict(root: TreeMap): StateDict | undefined {
  // A map that stands under many keys is counted once.
  const counts = new Map<TreeMap, number>();
  const models = root.entries.flatMap(([key, value]) => {
    if (typeof key !== "string" || isOptimizerEntry(key) || !isTreeMap(value)) return [];
    const count = counts.get(value) ?? tensorCount(value);
    counts.set(value, count);
    return count > 0 ? [{ key, entries: value.entries, count }] : [];
  });
  const named = modelKeys.map((key) => models.find((model) => model.key === key)).find((model) => model !== undefined);
  if (named !== undefined) return named;
  const inRoot = tensorCount(root);
  const [only] = models;
  if (models.length === 1 && only !== undefined && only.count > inRoot) return only;
  return inRoot > 0 ? { key: undefined, entries: root.entries } : undefined;
}

function tensorCount(map: TreeMap): number {
  return map.entries.filter(([, value]) => isTensor(value)).length;
}

/** Takes off what stands before every name; the trunk's own prefix stays. */
function withoutWrappers<Entry extends { readonly name: string }>(tensors: readonly Entry[]): readonly Entry[] {
  let current = tensors;
  for (let segment = common(current); segment !== undefined; segment = common(current)) {
    const { length } = segment;
    current = current.map((tensor) => ({ ...tensor, name: tensor.name.slice(length) }));
  }
  return current;
}

function common(tensors: readonly { readonly name: string }[]): string | undefined {
  return tensors.length === 0 ? undefined : wrapperSegments.find((segment) => tensors.every(({ name }) => name.startsWith(segment)));
}

function keyText(key: TreeValue): string {
  return typeof key === "object" ? "(a key that is no text)" : String(key);
}
