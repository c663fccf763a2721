import type { Derivation } from "../adapter/derivation.ts";
import { parametrizationsDerivation } from "./parametrizations.ts";
import { pruningDerivation } from "./pruning.ts";
import { quantisedDerivation } from "./quantised.ts";
import { weightNormDerivation } from "./weight-norm.ts";

/**
 * The forms that torch's and Paddle's modules, and the libraries around them, keep parameters in, in the order in which they undo each
 * other: a direction can be pruned, and what is neither is named. For adapters whose files hold state dicts of such modules.
 */
export function standardDerivations(): readonly Derivation[] {
  return [pruningDerivation(), weightNormDerivation(), quantisedDerivation(), parametrizationsDerivation()];
}
