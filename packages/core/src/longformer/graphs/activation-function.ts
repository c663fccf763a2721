import { LongspanError } from "../../errors/longspan-error.ts";
import { activationFunctions, type ActivationFunction } from "../../graph/operations/activation.ts";

/** What configurations say as `hidden_act` for each function (transformers, activations.py: ACT2FN). */
export const hiddenActivationSpellings: Readonly<Record<ActivationFunction, readonly string[]>> = {
  gelu: ["gelu", "gelu_python"],
  "gelu-tanh": ["gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh"],
  relu: ["relu"],
  silu: ["silu", "swish"],
  sigmoid: ["sigmoid"],
  tanh: ["tanh"],
};

/** The activation that a configuration's `hidden_act` names, in any of its spellings. @throws LongspanError `config-invalid` for a spelling that is not known. */
export function activationFunction(hiddenActivation: string): ActivationFunction {
  const found = activationFunctions.find((name) => hiddenActivationSpellings[name].includes(hiddenActivation));
  if (found !== undefined) return found;
  throw new LongspanError(
    "config-invalid",
    `The configuration says hidden_act "${hiddenActivation}"; Longspan can run ${Object.values(hiddenActivationSpellings).flat().join(", ")}.`,
    {
      details: { key: "hidden_act", found: hiddenActivation },
    },
  );
}
