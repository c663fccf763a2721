import type { Claim, Envelope, EnvelopeContents, OpenedContainer, TreeOpaque, TreeValue } from "@longspan/core/adapter";
import { collectTensors, notAStateDict } from "./collect-tensors.ts";
import { headOfClass, modelConfiguration } from "./model-configuration.ts";
import { moduleAttributes, moduleStateDict } from "./module-state.ts";

/** A whole module, as `torch.save(model)` pickles it: its class's name and its attributes, of which the weights are read. */
export function moduleEnvelope(): Envelope {
  return { name: "module", detect, open };
}

export function isModule(value: TreeValue | undefined): value is TreeOpaque {
  return moduleAttributes(value) !== undefined;
}

/** The state dict of a pickled module, with the configuration and head that a model of transformers carries. */
export function moduleContents(module: TreeOpaque): EnvelopeContents {
  const { tensors, unreadable, dropped, metadata, warnings } = collectTensors(moduleStateDict(module));
  const configuration = modelConfiguration(moduleAttributes(module)?.get("config"), "config");
  return {
    tensors,
    unreadable,
    dropped,
    metadata: new Map([...metadata, ["class", module.className]]),
    warnings: [...warnings, ...(configuration?.warnings ?? [])],
    config: configuration?.config,
    head: headOfClass(module.className),
  };
}

function detect({ root }: OpenedContainer): Claim | undefined {
  return isModule(root) ? { specificity: 60, evidence: `a pickled module of the class ${root.className}` } : undefined;
}

function open({ root }: OpenedContainer): EnvelopeContents {
  if (!isModule(root)) throw notAStateDict("The file's value", root);
  return moduleContents(root);
}
