/** A program of which a bundle is made, and how many bytes of JavaScript, minified and gzipped, it may load at first in every bundler. */
export interface BundleBudget {
  readonly name: string;
  readonly source: string;
  readonly budget: number;
  /**
   * How many bytes it may have in all, what is loaded later and files of other kinds among them, with nothing left out of the bundle: none of what
   * other programs run models with may be in it. Default: what runs models is left out, and what is loaded later is not counted.
   */
  readonly total?: number;
}

export const bundleBudgets: readonly BundleBudget[] = [
  { name: "LongspanError", source: 'export { LongspanError } from "@longspan/core";', budget: 1_000 },
  { name: "openCheckpoint", source: 'export { openCheckpoint } from "@longspan/core";', budget: 20_000 },
  {
    name: "core and torch",
    source:
      'import { createConverter } from "@longspan/core"; import { torch } from "@longspan/adapter-torch"; export const converter = createConverter({ adapters: [torch()] });',
    budget: 60_000,
  },
  {
    name: "onnx alone",
    source: 'import { onnx } from "@longspan/runtime-ort/onnx"; globalThis.adapter = onnx();',
    budget: 72_000,
    total: 120_000,
  },
  { name: "runtime-webgpu", source: 'export { webgpu } from "@longspan/runtime-webgpu";', budget: 50_000 },
];
