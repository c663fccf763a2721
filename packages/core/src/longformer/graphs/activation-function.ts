import { LongspanError } from "../../errors/longspan-error.ts";
import type { ActivationFunction } from "../../graph/operations/activation.ts";

/** `hidden_act` as configurations spell it (transformers, activations.py: ACT2FN), and the function it is. */
const spellings: Readonly<Record<string, ActivationFunction>> = {
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "gelu-tanh",
  gelu_fast: "gelu-tanh",
  gelu_accurate: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
  gelu_python_tanh: "gelu-tanh",
  relu: "relu",
  silu: "silu",
  swish: "silu",
  sigmoid: "sigmoid",
  tanh: "tanh",
};

/** @throws LongspanError `config-invalid` for a spelling that is not known. */
export function activationFunction(hiddenActivation: string): ActivationFunction {
  const found = Object.hasOwn(spellings, hiddenActivation) ? spellings[hiddenActivation] : undefined;
  if (found !== undefined) return found;
  throw new LongspanError(
    "config-invalid",
    `The configuration says hidden_act "${hiddenActivation}"; Longspan can run ${Object.keys(spellings).join(", ")}.`,
    {
      details: { key: "hidden_act", found: hiddenActivation },
    },
  );
}
