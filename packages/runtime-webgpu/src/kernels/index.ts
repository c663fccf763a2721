import type { KernelTable, OperationKernels } from "../kernel/operation-kernels.ts";
import { attentionKernels } from "./attention/index.ts";
import { elementaryKernels } from "./elementary.ts";
import { linearKernels } from "./linear/index.ts";
import { chooseTiling, type ChooseTiling } from "./linear/linear-tuning.ts";

/**
 * The kernels of every operation that runs on the GPU, by operation; `choose` is for the tilings of products (default: rules). What is written in the graph (`constant`, `bandMask`) and
 * `nonzero` the host computes, and a reshape is another view of the same memory: see `splitGraph`.
 */
export function kernelTable(choose: ChooseTiling = chooseTiling(undefined)): KernelTable {
  const products = linearKernels(choose);
  const linear = products.find(({ operation }) => operation === "linear");
  if (linear === undefined) throw new TypeError("there are no kernels of linear layers");
  const all: readonly OperationKernels[] = [...elementaryKernels(), ...products, ...attentionKernels({ linear })];
  return new Map(all.map((kernels) => [kernels.operation, kernels]));
}
