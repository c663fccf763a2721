import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import { checkText } from "../arguments/check-text.ts";
import type { FormatAdapter } from "./format-adapter.ts";

/** A `FormatAdapter` of which only the parts that the framework brings are written. */
export type AdapterParts = Pick<FormatAdapter, "name"> & Partial<Omit<FormatAdapter, "specificationVersion" | "name">>;

const partNames: OptionNames<FormatAdapter> = {
  name: true,
  containers: true,
  envelopes: true,
  derivations: true,
  folderKinds: true,
  layouts: true,
  targets: true,
  // An adapter that is built on another's is given all of that one.
  specificationVersion: true,
};

/**
 * An adapter of these parts: the version of the contract that this release of core has, and empty lists where it brings nothing. Nothing is
 * registered: return it from a factory, and pass what that gives to `createConverter`, which looks at what the parts have.
 * @throws LongspanError `argument-invalid` without a name, and for parts that no adapter has.
 */
export function defineAdapter(parts: AdapterParts): FormatAdapter {
  checkOptions(parts, partNames, "defineAdapter");
  checkText(Object(parts).name, "The adapter's name", "flax");
  return { containers: [], envelopes: [], layouts: [], targets: [], ...parts, specificationVersion: 1 };
}
