import type { Runtime } from "@longspan/core/runtime";

/** A runtime that this machine has, or what stands in its way. */
export type Finding = { readonly runtime: Runtime; readonly description: string } | { readonly obstacle: string };

/** A way to run models, looked for only when it is its turn. */
export interface RuntimeCandidate {
  /** For people: `onnxruntime-node`. */
  readonly name: string;
  /** Looks whether it can be had here; never throws for a package or a GPU that is missing, but says what is in the way. */
  readonly find: (needs: { readonly threads?: number | undefined }) => Promise<Finding>;
}
