import type { Runtime, RuntimeCapabilities } from "./runtime.ts";

/** A `Runtime` of which only what it brings is written. */
export interface RuntimeParts extends Pick<Runtime, "name" | "prepare"> {
  /** Default: float32 alone, and no attention probabilities. */
  readonly capabilities: Pick<RuntimeCapabilities, "operations"> & Partial<RuntimeCapabilities>;
}

/**
 * A runtime of these parts: the version of the contract that this release of core has, and the narrowest capabilities where none are said. Nothing
 * is registered: return it from a factory, and pass what that gives to whoever runs models. What `capabilities` became is `this.capabilities` of the result.
 */
export function defineRuntime({ name, capabilities, prepare }: RuntimeParts): Runtime {
  return { specificationVersion: 1, name, capabilities: { dataTypes: ["float32"], attentionWeights: false, ...capabilities }, prepare };
}
