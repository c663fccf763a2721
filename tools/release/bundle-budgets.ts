/** A program of which a bundle is made, and how many bytes of JavaScript, minified and gzipped, it may load at first in every bundler. */
export interface BundleBudget {
  readonly name: string;
  readonly source: string;
  readonly budget: number;
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
  { name: "runtime-webgpu", source: 'export { webgpu } from "@longspan/runtime-webgpu";', budget: 50_000 },
];
