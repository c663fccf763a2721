import { type Claim, type Envelope, type EnvelopeContents, isTensorLike, isTreeMap, type OpenedContainer } from "@longspan/core/adapter";
import { collectTensors, notAStateDict } from "./collect-tensors.ts";
import { withoutWrapperSegments } from "./wrapper-segments.ts";

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

function open({ root, attributes }: OpenedContainer): EnvelopeContents {
  if (!isTreeMap(root)) throw notAStateDict("The file's value", root);
  return withSecondNames(collectTensors(root.entries), attributes);
}

/**
 * Adds the names that `safetensors.torch.save_model` leaves out: of tensors in one storage it writes one, and says in the file's metadata
 * which of them each other name stands for (`{left out: written}`, bindings/python/py_src/safetensors/torch.py).
 */
function withSecondNames(contents: EnvelopeContents, attributes: ReadonlyMap<string, string>): EnvelopeContents {
  const written = new Map(contents.tensors.map((entry) => [entry.sourceName, entry]));
  const added = [...attributes].flatMap(([name, of]) => {
    const entry = written.get(of);
    return entry === undefined || written.has(name) ? [] : [{ name: withoutWrapperSegments(name), sourceName: name, tensor: entry.tensor }];
  });
  if (added.length === 0) return contents;
  const names = added.length > 3 ? `${added.length} names` : added.map(({ sourceName }) => `"${sourceName}"`).join(", ");
  return {
    ...contents,
    tensors: [...contents.tensors, ...added],
    warnings: [
      ...contents.warnings,
      `The file's metadata names the tensors that ${names} shared their storage with when it was saved; they are read there.`,
    ],
  };
}
