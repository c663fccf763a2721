import type { Derivation } from "../adapter/derivation.ts";
import { parametrizationsDerivation } from "./parametrizations.ts";
import { pruningDerivation } from "./pruning.ts";
import { quantisedDerivation } from "./quantised.ts";
import { weightNormDerivation } from "./weight-norm.ts";

/** Those of `standardDerivations`, loaded when a file may need one. */
export const derivations: Readonly<Record<"pruning" | "weight-norm" | "quantised" | "parametrizations", Derivation>> = {
  pruning: /*#__PURE__*/ pruningDerivation(),
  "weight-norm": /*#__PURE__*/ weightNormDerivation(),
  quantised: /*#__PURE__*/ quantisedDerivation(),
  parametrizations: /*#__PURE__*/ parametrizationsDerivation(),
};
