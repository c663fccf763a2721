import { LongspanError, describeTree, isTensor } from "@longspan/core";
import type { EnvelopeContents, EnvelopeTensor, TreeValue } from "@longspan/core";
import { isRefusedTensor } from "../tree/refused-tensor.ts";
import { withoutWrapperSegments } from "./wrapper-segments.ts";

/** A state dict's entries as an envelope hands them on. */
export type CollectedTensors = Pick<EnvelopeContents, "tensors" | "dropped" | "metadata" | "warnings">;

/**
 * Sorts the entries of a state dict: tensors, with wrappers' segments taken off their names; tensors of a kind that cannot be
 * converted, which are dropped with the reason; and other values, which become metadata.
 * @throws LongspanError for a tensor that is damaged (`tensor-invalid` and such): what a file says wrongly is not passed over.
 */
export function collectTensors(entries: Iterable<readonly [TreeValue, TreeValue]>): CollectedTensors {
  const tensors = new Map<string, EnvelopeTensor>();
  const dropped: { name: string; reason: string }[] = [];
  const metadata = new Map<string, TreeValue>();
  for (const [key, value] of entries) {
    if (typeof key !== "string") {
      dropped.push({ name: keyText(key), reason: `its name is ${describeTree(key)}, not text` });
    } else if (isTensor(value)) {
      // Later keys win, as in the dict they come from.
      tensors.set(key, { name: key, sourceName: key, tensor: value });
    } else if (isRefusedTensor(value)) {
      if (value.error.code !== "unsupported") throw value.error;
      dropped.push({ name: key, reason: value.reason });
    } else {
      metadata.set(key, value);
    }
  }
  return { tensors: withoutWrappers([...tensors.values()]), dropped, metadata, warnings: dropped.map(({ reason }) => reason) };
}

/** Wrappers' segments come off, except where two tensors would get one name: then both keep theirs, and both are seen. */
function withoutWrappers(tensors: readonly EnvelopeTensor[]): EnvelopeTensor[] {
  const counts = new Map<string, number>();
  const bare = tensors.map(({ sourceName }) => withoutWrapperSegments(sourceName));
  for (const name of bare) counts.set(name, (counts.get(name) ?? 0) + 1);
  return tensors.map((tensor, index) => {
    const name = bare[index] ?? tensor.sourceName;
    return counts.get(name) === 1 ? { ...tensor, name } : tensor;
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
