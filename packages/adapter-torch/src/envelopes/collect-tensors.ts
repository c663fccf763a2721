import { LongspanError } from "@longspan/core";
import {
  describeTree,
  type EnvelopeContents,
  type EnvelopeTensor,
  isTensor,
  tensorSearch,
  type TreeValue,
  type UnreadableTensor,
  whyNoTensor,
} from "@longspan/core/adapter";
import { isRefusedTensor } from "../tree/refused-tensor.ts";
import { withoutWrapperSegments } from "./wrapper-segments.ts";

/** A state dict's entries as an envelope hands them on. */
export type CollectedTensors = Pick<EnvelopeContents, "tensors" | "unreadable" | "dropped" | "metadata" | "warnings">;

/**
 * Sorts the entries of a state dict: tensors, with wrappers' segments taken off their names; what should be a tensor but cannot be read,
 * with the reason; and other values, which become metadata.
 * @throws LongspanError for a tensor that is damaged (`tensor-invalid` and such): what a file says wrongly is not passed over;
 *   `unsupported` for one process's share of flattened parameters.
 */
export function collectTensors(entries: Iterable<readonly [TreeValue, TreeValue]>): CollectedTensors {
  const tensors = new Map<string, EnvelopeTensor>();
  const unreadable = new Map<string, UnreadableTensor>();
  const dropped: { name: string; reason: string }[] = [];
  const metadata = new Map<string, TreeValue>();
  const holdsTensor = tensorSearch();
  for (const [key, value] of entries) {
    if (typeof key !== "string") {
      dropped.push({ name: keyText(key), reason: `its name is ${describeTree(key)}, not text` });
      continue;
    }
    // Later keys win, as in the dict they come from.
    tensors.delete(key);
    unreadable.delete(key);
    if (isTensor(value)) {
      if (flatParameter.test(key)) throw flatParameterError(key);
      tensors.set(key, { name: key, sourceName: key, tensor: value });
      continue;
    }
    const reason = whyUnreadable(key, value, holdsTensor);
    if (reason !== undefined) unreadable.set(key, { name: key, sourceName: key, reason });
    if (!isRefusedTensor(value)) metadata.set(key, value);
  }
  const named = withoutWrappers([...tensors.values(), ...unreadable.values()]);
  return {
    tensors: named.filter((entry) => "tensor" in entry),
    unreadable: named.filter((entry) => "reason" in entry),
    dropped,
    metadata,
    warnings: dropped.map(({ reason }) => reason),
  };
}

/** Why a value of a state dict is no tensor though it stands where one should; undefined for what is none anyway. */
function whyUnreadable(name: string, value: TreeValue, holdsTensor: (value: TreeValue) => boolean): string | undefined {
  if (isRefusedTensor(value)) {
    if (value.error.code !== "unsupported") throw value.error;
    const { cause } = value.error;
    const why = LongspanError.isInstance(cause) ? cause.message : value.reason;
    return why.endsWith(".") ? why : `${why}.`;
  }
  return whyNoTensor(name, value, holdsTensor);
}

/** All of a module's parameters in one vector, of which every process has a part (torch/distributed/fsdp/_flat_param.py). */
const flatParameter = /(?:^|\.)_?flat_param(?:_\d+)?$/;

function flatParameterError(name: string): LongspanError {
  return new LongspanError(
    "unsupported",
    `"${name}" is a flat parameter: the file is one process's share of a model that FSDP sharded (StateDictType.LOCAL_STATE_DICT), and does not say where in the parameters it lies. Load the shares where they were written and save the whole (StateDictType.FULL_STATE_DICT), or save with torch.distributed.checkpoint and give its folder.`,
    { details: { tensor: name } },
  );
}

/** Wrappers' segments come off, except where two tensors would get one name: then both keep theirs, and both are seen. */
function withoutWrappers<Entry extends EnvelopeTensor | UnreadableTensor>(entries: readonly Entry[]): Entry[] {
  const counts = new Map<string, number>();
  const bare = entries.map(({ sourceName }) => withoutWrapperSegments(sourceName));
  for (const name of bare) counts.set(name, (counts.get(name) ?? 0) + 1);
  return entries.map((entry, index) => {
    const name = bare[index] ?? entry.sourceName;
    return counts.get(name) === 1 ? { ...entry, name } : entry;
  });
}

function keyText(key: TreeValue): string {
  return typeof key === "object" && key !== null ? describeTree(key) : String(key);
}

/** @throws LongspanError `malformed` naming what was found where a state dict is expected. */
export function notAStateDict(where: string, value: TreeValue): LongspanError {
  return new LongspanError(
    "malformed",
    `${where} is ${describeTree(value)}, where a dict of tensors is expected. Save model.state_dict().`,
  );
}
