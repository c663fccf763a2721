import { LongspanError } from "@longspan/core";
import type { Derivation } from "@longspan/core/adapter";
import { adapterParts } from "./adapter-parts.ts";

/**
 * Adapters of PEFT: LoRA (with its DoRA and rank-stabilized forms) and IA3, merged into the weights as `merge_and_unload()` does. In a file of the whole
 * model they lie beside the base's weights (`base_layer`); an adapter's own file needs the base (option `base`). The scaling is in no
 * weight: it comes from adapter_config.json and is never guessed.
 */
export function peftDerivation(): Derivation {
  return {
    name: "peft",
    async derive(contents, context) {
      const parts = adapterParts(contents.tensors);
      if (!parts.wrapped) return undefined;
      try {
        const { mergeAdapter } = await import("./merge-adapter.ts");
        return await mergeAdapter(contents, parts, context);
      } catch (error) {
        // A file that is a model only together with another thing is described all the same.
        if (!LongspanError.isInstance(error) || error.code === "aborted") throw error;
        return { ...contents, problem: error };
      }
    },
  };
}
