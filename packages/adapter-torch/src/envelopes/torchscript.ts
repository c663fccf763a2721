import type { Claim, Envelope, EnvelopeContents, OpenedContainer } from "@longspan/core/adapter";
import { collectTensors, notAStateDict } from "./collect-tensors.ts";
import { headOfClass } from "./model-configuration.ts";
import { isScriptedModule, scriptedState } from "./scripted-state.ts";

/**
 * TorchScript modules, traced or scripted (`torch.jit.save`), and what libtorch's OutputArchive writes, such as the `rust_model.ot` of Rust's `tch`:
 * the tensors under the names they have as attributes.
 */
export function torchscriptEnvelope(): Envelope {
  return { name: "torchscript", detect, open };
}

function detect({ root }: OpenedContainer): Claim | undefined {
  return isScriptedModule(root) ? { specificity: 60, evidence: `a TorchScript module of the class ${root.className}` } : undefined;
}

function open({ root }: OpenedContainer): EnvelopeContents {
  if (!isScriptedModule(root)) throw notAStateDict("The file's value", root);
  const { entries, unreadable, dropped } = scriptedState(root);
  const collected = collectTensors(entries);
  return {
    ...collected,
    unreadable,
    dropped: [...collected.dropped, ...dropped],
    metadata: new Map([...collected.metadata, ["class", root.className]]),
    head: headOfClass(root.className),
  };
}
