import { type LazyTensor, LongspanError } from "@longspan/core";
import type { AdapterConfig } from "./adapter-config.ts";
import type { ModuleParts } from "./adapter-parts.ts";
import { addNormalizedUpdate } from "./dora.ts";
import { adapterFloat, type AdapterFloat } from "./float-rounding.ts";
import { addBias, addUpdate, scaleWeight, type LowRankUpdate } from "./merged-weight.ts";
import { patternValue } from "./pattern-key.ts";

/** A module's parameters, merged: `weight`, and `bias` where the adapter changes it. */
export interface MergedModule {
  readonly weight: LazyTensor;
  readonly bias: LazyTensor | undefined;
}

export interface ModuleToMerge {
  /** The path as the adapter's configuration sees it: `longformer.encoder.layer.0.attention.self.query`. */
  readonly path: string;
  readonly parts: ModuleParts;
  readonly weight: LazyTensor;
  readonly bias: LazyTensor | undefined;
  /** The weight lies as `[in, out]`. Of an embedding it does not matter. */
  readonly transposed: boolean;
  /** The type in which PEFT holds the adapter when it merges; undefined: the stored one. */
  readonly heldIn: AdapterFloat | undefined;
}

/**
 * One module with its adapter merged, as `merge_and_unload()` does it.
 * @param config undefined where nothing of it is needed: IA3.
 * @throws LongspanError `weights-mismatch` for a part that is missing or does not fit; `config-invalid` when the configuration is another adapter's.
 */
export function mergeModule(module: ModuleToMerge, config: AdapterConfig | undefined): MergedModule {
  const { parts, weight, bias } = module;
  const factors = parts.tensors.get("ia3_l");
  if (factors !== undefined) {
    const form = { dataType: module.heldIn ?? adapterFloat(factors), transposed: module.transposed };
    const merged = scaleWeight(weight.name, weight, factors, form);
    // Feed-forward factors are those of a module's inputs, which its bias has no share in.
    return { weight: merged, bias: bias === undefined || factors.shape[0] === 1 ? undefined : scaleWeight(bias.name, bias, factors, form) };
  }
  const update = lowRankUpdate(module, config);
  const magnitude = parts.tensors.get("lora_magnitude_vector");
  const merged =
    magnitude === undefined ? addUpdate(weight.name, weight, update) : addNormalizedUpdate(weight.name, weight, update, magnitude);
  const trained = parts.tensors.get("lora_B_bias");
  if (trained === undefined) return { weight: merged, bias: undefined };
  if (bias === undefined) throw incomplete(module, "trains a bias that the module does not have");
  return { weight: merged, bias: addBias(bias.name, bias, trained, update.scaling, update.dataType) };
}

function lowRankUpdate(module: ModuleToMerge, config: AdapterConfig | undefined): LowRankUpdate {
  const { tensors } = module.parts;
  const embedding = tensors.has("lora_embedding_A") || tensors.has("lora_embedding_B");
  const [a, b] = embedding
    ? [tensors.get("lora_embedding_A"), tensors.get("lora_embedding_B")]
    : [tensors.get("lora_A"), tensors.get("lora_B")];
  if (a === undefined || b === undefined) throw incomplete(module, "has one of the two matrices A and B, not the other");
  if (config?.kind !== "LORA") throw new TypeError("LoRA is merged with its configuration");
  const rank = a.shape[0] ?? 0;
  const told = patternValue(config.rankPattern, module.path, "rank_pattern") ?? config.rank;
  if (rank !== told) {
    throw new LongspanError(
      "config-invalid",
      `The adapter has rank ${rank} at "${module.path}"; its adapter_config.json says ${told}. It is another adapter's: give the one that was saved with these weights.`,
      { details: { module: module.path, rank, told } },
    );
  }
  const alpha = patternValue(config.alphaPattern, module.path, "alpha_pattern") ?? config.alpha;
  return {
    a,
    b,
    scaling: config.rankStabilized ? alpha / Math.sqrt(rank) : alpha / rank,
    dataType: module.heldIn ?? adapterFloat(b),
    transposed: embedding || module.transposed,
  };
}

function incomplete({ parts, path }: ModuleToMerge, problem: string): LongspanError {
  return new LongspanError(
    "weights-mismatch",
    `The adapter ${problem}, at "${path}" (${parts.sourceName}). The file is incomplete: save the adapter again.`,
    { details: { module: path } },
  );
}
