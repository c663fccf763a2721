import { isTensorLike, isTreeMap } from "@longspan/core";
import type { Claim, Envelope, EnvelopeContents, OpenedContainer } from "@longspan/core";
import { collectTensors, notAStateDict } from "./collect-tensors.ts";

/**
 * A map of names to tensors and nothing around it: `torch.save(model.state_dict())`, every safetensors file. Numbers and other
 * values beside the tensors become metadata.
 */
export function stateDictEnvelope(): Envelope {
  return { name: "state-dict", detect, open };
}

function detect({ root }: OpenedContainer): Claim | undefined {
  if (!isTreeMap(root)) return undefined;
  const total = root.entries.length;
  if (total === 0) return { specificity: 10, evidence: "an empty dict" };
  const tensors = root.entries.filter(([, value]) => isTensorLike(value)).length;
  if (tensors === 0) return undefined;
  if (tensors === total) return { specificity: 50, evidence: `a dict of ${total} tensors` };
  // A training file may keep a tensor or two beside its state dict; there the tensors are few.
  return { specificity: tensors * 2 > total ? 45 : 20, evidence: `a dict of ${total} values, ${tensors} of them tensors` };
}

function open({ root }: OpenedContainer): EnvelopeContents {
  if (!isTreeMap(root)) throw notAStateDict("The file's value", root);
  return collectTensors(root.entries);
}
