import { LongspanError } from "@longspan/core";
import type { DerivationContext, EnvelopeContents } from "@longspan/core/adapter";
import type { AdapterParts } from "./adapter-parts.ts";
import { chooseAdapter, type ChosenAdapter } from "./chosen-adapter.ts";
import { mergeIntoBase } from "./merge-into-base.ts";
import { mergeWholeModel } from "./merge-whole-model.ts";

/**
 * The contents with an adapter's parts merged into the weights they change: see `peftDerivation`.
 * @throws LongspanError `unsupported`, `config-missing`, `weights-mismatch` (the base is not here), and what merging throws.
 */
export async function mergeAdapter(contents: EnvelopeContents, parts: AdapterParts, context: DerivationContext): Promise<EnvelopeContents> {
  if (parts.foreign !== undefined) {
    throw new LongspanError(
      "unsupported",
      `${context.source} holds an adapter of a kind that is not merged: ${parts.foreign.method} ("${parts.foreign.sourceName}"). Merge it with PEFT (merge_and_unload) and give the model that comes of it.`,
      { details: { tensor: parts.foreign.sourceName } },
    );
  }
  const adapter = await chooseAdapter(parts, context);
  refuseUnreadable(contents, adapter, context);
  if (isWholeModel(parts, adapter)) {
    requireConfig(adapter, context);
    return mergeWholeModel(contents, parts, adapter);
  }
  if (context.openBase === undefined) throw baseNeeded(parts, adapter, context);
  requireConfig(adapter, context);
  return mergeIntoBase(contents, parts, adapter, await context.openBase(), context);
}

/** Every changed weight is there, and so are LayerNorms' weights, which an adapter's own file does not have. */
function isWholeModel({ parameters }: AdapterParts, { modules }: ChosenAdapter): boolean {
  if (![...parameters.keys()].some((name) => /layer_?norm\.(?:weight|gamma)$/i.test(name))) return false;
  return [...modules.keys()].every((module) => parameters.has(`${module}.weight`));
}

function requireConfig({ modules, config }: ChosenAdapter, { source }: DerivationContext): void {
  const needed = [...modules.values()].some(({ tensors }) => !tensors.has("ia3_l"));
  if (!needed || config?.kind === "LORA") return;
  throw new LongspanError(
    "config-missing",
    `${source} holds a PEFT adapter (LoRA in ${modules.size} modules), and ${config === undefined ? "there is no adapter_config.json beside it" : "the adapter_config.json beside it is of another method"}. How strongly it counts (lora_alpha) is in no weight: give its adapter_config.json with --adapter-config (option adapterConfig).`,
    { details: { source, modules: modules.size } },
  );
}

function baseNeeded(parts: AdapterParts, { modules, description, config }: ChosenAdapter, { source }: DerivationContext): LongspanError {
  const from = config?.baseName === undefined ? "" : ` (its adapter_config.json names ${JSON.stringify(config.baseName)})`;
  return new LongspanError(
    "weights-mismatch",
    `${source} is a PEFT adapter (${description}, for ${modules.size} modules), not a model: the weights it was trained on are elsewhere. Give them${from} with --base <checkpoint> (option base); the two are merged.`,
    { details: { source, modules: modules.size, others: parts.parameters.size, base: config?.baseName ?? null } },
  );
}

/** A base's weight that is there but cannot be read (quantised) is not elsewhere. @throws LongspanError `unsupported` saying why. */
function refuseUnreadable({ unreadable = [] }: EnvelopeContents, { modules }: ChosenAdapter, { source }: DerivationContext): void {
  const found = unreadable.find(({ name }) => {
    const [module, ...rest] = name.split(/\.(?:base_layer|lora_)/);
    return module !== undefined && rest.length > 0 && modules.has(module);
  });
  if (found === undefined) return;
  throw new LongspanError(
    "unsupported",
    `${source} holds a PEFT adapter that cannot be merged, since "${found.sourceName}" cannot be read: ${found.reason}`,
    { details: { source, tensor: found.sourceName } },
  );
}
