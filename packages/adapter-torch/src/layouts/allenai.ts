import type { Layout } from "@longspan/core/adapter";
import { huggingFaceLayout } from "./hf.ts";

/**
 * The names of the original code (github.com/allenai/longformer): its Longformer is a RobertaModel with another attention, so the
 * trunk stands under `roberta.`, and all else is as in Hugging Face's port (scripts/convert_model_to_long.ipynb): layout `allenai`.
 */
export function allenaiLayout(): Layout {
  return { ...huggingFaceLayout(), name: "allenai", description: "The original allenai/longformer code", trunkPrefix: "roberta." };
}
