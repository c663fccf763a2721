import type { Derivation } from "../adapter/derivation.ts";

/**
 * The forms that torch's and Paddle's modules, and the libraries around them, keep parameters in, in the order in which they undo each
 * other: a direction can be pruned, and what is neither is named. For adapters whose files hold state dicts of such modules.
 */
export function standardDerivations(): readonly Derivation[] {
  return (["pruning", "weight-norm", "quantised", "parametrizations"] as const).map((name) => ({
    name,
    async derive(contents, context) {
      // Each of these forms has parts of other names; most files need none of the code.
      if ([...contents.tensors, ...(contents.unreadable ?? [])].every((part) => ordinaryName.test(part.name))) return undefined;
      const { derivations } = await import("./derivations.ts");
      return derivations[name].derive(contents, context);
    },
  }));
}

/** Names of parameters as modules have them, and of the one buffer that Longformers were saved with. */
const ordinaryName = /(?:^|\.)(?:weight|bias|position_ids)$/;
