import type { DerivationContext } from "../adapter/derivation.ts";
import type { EnvelopeContents } from "../adapter/envelope.ts";
import type { FormatAdapter } from "../adapter/format-adapter.ts";
import { uniqueByName } from "./choose-claim.ts";

/** An envelope's contents after the adapters' derivations, each on what the one before it made. */
export async function deriveParameters(
  contents: EnvelopeContents,
  adapters: readonly FormatAdapter[],
  context: DerivationContext,
): Promise<EnvelopeContents> {
  let derived = contents;
  for (const derivation of uniqueByName(adapters.flatMap((adapter) => adapter.derivations ?? []))) {
    derived = (await derivation.derive(derived, context)) ?? derived;
  }
  return derived;
}
