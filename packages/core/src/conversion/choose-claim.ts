import type { Claim } from "../adapter/claim.ts";
import { LongspanError } from "../errors/longspan-error.ts";

export interface Claimed<Detector> {
  readonly detector: Detector;
  readonly claim: Claim;
}

/**
 * The most specific claim; undefined when nobody claims.
 * @throws LongspanError `ambiguous-format` naming both when the two most specific are equally so.
 */
export function chooseClaim<Detector extends { readonly name: string }>(
  claims: readonly Claimed<Detector>[],
  what: string,
): Claimed<Detector> | undefined {
  const [first, second] = claims.toSorted((one, other) => other.claim.specificity - one.claim.specificity);
  if (first !== undefined && second !== undefined && first.claim.specificity === second.claim.specificity) {
    throw new LongspanError(
      "ambiguous-format",
      `${what} could be "${first.detector.name}" (${first.claim.evidence}) or "${second.detector.name}" (${second.claim.evidence}), and neither claim is more specific. Pass only the adapter that fits.`,
      { details: { candidates: [first.detector.name, second.detector.name] } },
    );
  }
  return first;
}

/** Of things with one name, the first: two adapters may bring the same format. */
export function uniqueByName<Named extends { readonly name: string }>(things: readonly Named[]): Named[] {
  return [...new Map(things.toReversed().map((thing) => [thing.name, thing])).values()].toReversed();
}
