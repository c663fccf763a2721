import { checkOptions } from "../arguments/check-options.ts";
import { checkText } from "../arguments/check-text.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { Runtime, RuntimeCapabilities } from "./runtime.ts";

/** A `Runtime` of which only what it brings is written. */
export interface RuntimeParts extends Pick<Runtime, "name" | "prepare"> {
  /** Default: float32 alone, and no attention probabilities. */
  readonly capabilities: Pick<RuntimeCapabilities, "operations"> & Partial<RuntimeCapabilities>;
}

/**
 * A runtime of these parts: the version of the contract that this release of core has, and the narrowest capabilities where none are said. Nothing
 * is registered: return it from a factory, and pass what that gives to whoever runs models. What `capabilities` became is `this.capabilities` of the result.
 * @throws LongspanError `argument-invalid` for what a runtime does not have, and without what it needs.
 */
export function defineRuntime(parts: RuntimeParts): Runtime {
  checkOptions(parts, { name: true, capabilities: true, prepare: true, specificationVersion: true }, "defineRuntime");
  const { name, capabilities, prepare }: RuntimeParts = Object(parts);
  checkText(name, "The runtime's name", "own");
  if (!Array.isArray(Object(capabilities).operations) || typeof prepare !== "function")
    throw new LongspanError(
      "argument-invalid",
      `The runtime "${name}" lacks ${typeof prepare === "function" ? "capabilities.operations, a list of the operations that it executes" : "prepare, a function of a graph and its weights"}.`,
    );
  return { specificationVersion: 1, name, capabilities: { dataTypes: ["float32"], attentionWeights: false, ...capabilities }, prepare };
}
