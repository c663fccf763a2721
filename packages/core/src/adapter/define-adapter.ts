import type { FormatAdapter } from "./format-adapter.ts";

/** A `FormatAdapter` of which only the parts that the framework brings are written. */
export type AdapterParts = Pick<FormatAdapter, "name"> & Partial<Omit<FormatAdapter, "specificationVersion" | "name">>;

/**
 * An adapter of these parts: the version of the contract that this release of core has, and empty lists where it brings nothing. Nothing is
 * registered: return it from a factory, and pass what that gives to `createConverter`.
 */
export function defineAdapter(parts: AdapterParts): FormatAdapter {
  return { containers: [], envelopes: [], layouts: [], targets: [], ...parts, specificationVersion: 1 };
}
