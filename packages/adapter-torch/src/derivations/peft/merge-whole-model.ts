import type { LazyTensor } from "@longspan/core";
import type { EnvelopeContents, EnvelopeTensor } from "@longspan/core/adapter";
import { repeatedCopies, type AdapterParts } from "./adapter-parts.ts";
import { mergeModule } from "./merge-module.ts";
import { modulePath } from "./module-path.ts";
import type { ChosenAdapter } from "./chosen-adapter.ts";

/**
 * A file of the whole model with its adapter in it: `base_layer` beside `lora_A` and `lora_B`. Tensors are held in the types they are stored in, as
 * in the module they come from.
 */
export function mergeWholeModel(contents: EnvelopeContents, parts: AdapterParts, adapter: ChosenAdapter): EnvelopeContents {
  const transposed = liesTransposed(parts.parameters);
  const changed = new Map<string, LazyTensor>();
  for (const [module, found] of adapter.modules) {
    const weight = parts.parameters.get(`${module}.weight`);
    if (weight === undefined) continue;
    const bias = parts.parameters.get(`${module}.bias`);
    const merged = mergeModule(
      { path: modulePath(module), parts: found, weight: weight.tensor, bias: bias?.tensor, transposed, heldIn: undefined },
      adapter.config,
    );
    changed.set(`${module}.weight`, merged.weight);
    if (merged.bias !== undefined) changed.set(`${module}.bias`, merged.bias);
  }
  const saved = parts.saved.get(adapter.name) ?? new Map<string, EnvelopeTensor>();
  const replaced: { name: string; reason: string }[] = [];
  const before = new Set([...changed.keys()].map((name) => parts.parameters.get(name)?.tensor.storage.identity));
  const tensors: EnvelopeTensor[] = [];
  for (const [name, tensor] of parts.parameters) {
    const merged = changed.get(name);
    const trained = saved.get(name);
    if (trained !== undefined) {
      tensors.push({ ...trained, name });
      replaced.push({ name: tensor.sourceName, reason: `the adapter trained its own ("${trained.sourceName}")` });
    } else if (merged !== undefined) {
      tensors.push({ ...tensor, name, tensor: merged });
    } else if (before.has(tensor.tensor.storage.identity) && isTied(tensor, changed, parts)) {
      // Merging adds to the weight in place, so that what is tied to it changes along.
      replaced.push({ name: tensor.sourceName, reason: "tied to a weight that the adapter changes" });
    } else {
      tensors.push({ ...tensor, name });
    }
  }
  for (const [name, trained] of saved) if (!parts.parameters.has(name)) tensors.push({ ...trained, name });
  const others = [...parts.saved]
    .filter(([name]) => name !== adapter.name)
    .flatMap(([name, found]) => [...found.values()].map(({ sourceName }) => ({ name: sourceName, reason: `of the adapter "${name}"` })));
  const otherModules = [...parts.adapters]
    .filter(([name]) => name !== adapter.name)
    .flatMap(([name, found]) => [...found.values()].map(({ sourceName }) => ({ name: sourceName, reason: `of the adapter "${name}"` })));
  return {
    ...contents,
    tensors,
    head: contents.head ?? adapter.config?.head,
    dropped: [...contents.dropped, ...replaced, ...others, ...otherModules, ...repeatedCopies(parts)],
    warnings: [
      ...contents.warnings,
      adapter.modules.size === 0 && saved.size === 0
        ? "The names are those of a model that PEFT wrapped, without an adapter's tensors: its own weights are read."
        : `The PEFT adapter${adapter.name === "" ? "" : ` "${adapter.name}"`} (${adapter.description}) is merged into ${adapter.modules.size} modules, as merge_and_unload() does.`,
    ],
  };
}

/** Whether a tensor looks at the very elements of a weight that is changed. */
function isTied({ tensor }: EnvelopeTensor, changed: ReadonlyMap<string, LazyTensor>, parts: AdapterParts): boolean {
  for (const name of changed.keys()) {
    const other = parts.parameters.get(name)?.tensor;
    if (
      other !== undefined &&
      other.storage.identity === tensor.storage.identity &&
      other.storage.elementOffset === tensor.storage.elementOffset &&
      other.shape.join() === tensor.shape.join()
    )
      return true;
  }
  return false;
}

/** Whether linear weights lie as `[in, out]`, as transformers' Conv1D has them: shown by a rectangular one whose bias is as long as its rows. */
function liesTransposed(parameters: ReadonlyMap<string, EnvelopeTensor>): boolean {
  let votes = 0;
  for (const [name, { tensor }] of parameters) {
    const [rows, columns] = tensor.shape;
    if (!name.endsWith(".weight") || tensor.shape.length !== 2 || rows === columns) continue;
    const outputs = parameters.get(`${name.slice(0, -"weight".length)}bias`)?.tensor.shape[0];
    if (outputs === rows) votes--;
    else if (outputs === columns) votes++;
  }
  return votes > 0;
}
