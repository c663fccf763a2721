import { LongspanError } from "@longspan/core";
import type { DerivationContext } from "@longspan/core/adapter";
import type { AdapterConfig } from "./adapter-config.ts";
import type { AdapterParts, ModuleParts } from "./adapter-parts.ts";
import { findAdapterConfig } from "./find-adapter-config.ts";

/** One adapter of a file, with all that merging it takes. */
export interface ChosenAdapter {
  /** "" in an adapter's own file, which leaves it out. */
  readonly name: string;
  readonly modules: ReadonlyMap<string, ModuleParts>;
  readonly config: AdapterConfig | undefined;
  /** For people: `LoRA, rank 2, alpha 8`. */
  readonly description: string;
}

/**
 * The adapter that is merged: the only one, or the one that was asked for.
 * @throws LongspanError `ambiguous-format` naming several; `argument-invalid` for a name that none has; what its configuration calls for.
 */
export async function chooseAdapter(parts: AdapterParts, context: DerivationContext): Promise<ChosenAdapter> {
  const names = [...new Set([...parts.adapters.keys(), ...parts.saved.keys()])];
  const wanted = context.adapterName;
  const found = names.filter((name) => name !== "");
  if (wanted !== undefined && !names.includes(wanted)) {
    throw new LongspanError(
      "argument-invalid",
      `${context.source} has no adapter "${wanted}"${found.length === 0 ? ": it names none" : `. It has: ${found.join(", ")}`}. Leave --adapter-name (option adapterName) out, or name one of them.`,
      { details: { adapter: wanted, adapters: found } },
    );
  }
  if (wanted === undefined && names.length > 1) {
    throw new LongspanError(
      "ambiguous-format",
      `${context.source} holds ${names.length} PEFT adapters: ${found.join(", ")}. Say which to merge with --adapter-name (option adapterName).`,
      { details: { adapters: found } },
    );
  }
  const name = wanted ?? names[0] ?? "";
  const modules = parts.adapters.get(name) ?? new Map<string, ModuleParts>();
  const config = await findAdapterConfig(context, name);
  return { name, modules, config, description: describe(modules, config) };
}

function describe(modules: ReadonlyMap<string, ModuleParts>, config: AdapterConfig | undefined): string {
  const all = [...modules.values()];
  if (all.length === 0) return "modules trained whole";
  if (all.some(({ tensors }) => tensors.has("ia3_l"))) return "IA3";
  const ranks = all.map(({ tensors }) => (tensors.get("lora_A") ?? tensors.get("lora_embedding_A"))?.shape[0] ?? 0);
  const [min, max] = [Math.min(...ranks), Math.max(...ranks)];
  const kind = all.some(({ tensors }) => tensors.has("lora_magnitude_vector")) ? "DoRA" : "LoRA";
  return `${kind}, rank ${min === max ? max : `${min} to ${max}`}${config === undefined ? "" : `, alpha ${config.alpha}`}`;
}
