import type { BundleOptions } from "./bundle-size.ts";

/** A program of which a bundle is made, and how many bytes of JavaScript, minified and gzipped, it may load. */
export interface BundleBudget extends BundleOptions {
  readonly name: string;
  readonly source: string;
  /** At first, with every bundler. */
  readonly budget: number;
  /** With what is loaded later for `later`. */
  readonly laterBudget?: number;
  /** All of it, in one file. */
  readonly inOneBudget?: number;
  /** With `whole`: all files, those of other kinds among them. None of what other programs run models with may be in it. */
  readonly totalBudget?: number;
}

const webgpu = 'export { webgpu } from "@longspan/runtime-webgpu";';
/**
 * What a session of a checkpoint's head loads on a GPU without matrix units, whose tuning was kept; the other files are for other devices,
 * graphs and wishes. esbuild makes some twenty files of it, which share less when they are packed: Rollup's and Vite's are 3 to 6 kB smaller.
 */
const session = ["/session/open-session.js"];

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
    whole: true,
    budget: 72_000,
    totalBudget: 120_000,
  },
  { name: "runtime-webgpu, with core", source: webgpu, later: session, budget: 7_200, laterBudget: 86_900, inOneBudget: 97_900 },
  {
    name: "runtime-webgpu, its own",
    source: webgpu,
    without: /^@longspan\/core/,
    later: session,
    budget: 5_400,
    laterBudget: 60_600,
    inOneBudget: 76_100,
  },
];
