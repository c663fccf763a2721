import { huggingFaceLayout } from "@longspan/adapter-torch";
import type { Layout } from "@longspan/core/adapter";

/**
 * Hugging Face's names, the trunk under `model.`: a LightningModule with `self.model = LongformerModel(…)` and the head beside it
 * (`self.qa_outputs`), as in the Longformer authors' TriviaQA script and in transformers' conversion script for it.
 * Other prefixes are read just as well; this one is written.
 */
export function lightningLayout(): Layout {
  return {
    ...huggingFaceLayout(),
    name: "lightning",
    description: "A LightningModule with the trunk as self.model and the head beside it",
    trunkPrefix: "model.",
    prefixesBareTrunk: true,
  };
}
