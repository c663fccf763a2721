import { type Layout, parameterRules } from "@longspan/core/adapter";

/** transformers 4.46, models/roberta/modeling_flax_roberta.py: torch's modules; a linear layer's matrix is its kernel, as [in, out]. */
export const flaxLayout: Layout = {
  name: "flax",
  trunkPrefix: "roberta.",
  rules: parameterRules({
    linear: { weight: "kernel", transposed: true },
    normalization: { weight: "scale", bias: "bias" },
    embedding: { weight: "embedding" },
  }),
};
