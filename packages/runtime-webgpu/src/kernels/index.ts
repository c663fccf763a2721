import type { KernelTable, OperationKernels } from "../kernel/operation-kernels.ts";
import { attentionKernels } from "./attention/index.ts";
import { elementaryKernels } from "./elementary.ts";
import { linearKernels } from "./linear/index.ts";
import { chooseTiling, type ChooseTiling } from "./linear/linear-tuning.ts";

/**
 * Makes kernels, by the operation that they run on the GPU; `choose` is for the tilings of products (default: rules). What is written in the graph (`constant`, `bandMask`) and
 * `nonzero` the host computes, and a reshape is another view of the same memory: see `splitGraph`.
 */
export type MakeKernelTable = (choose?: ChooseTiling) => KernelTable;

/** Of the operations that heads of Longformers, fused, leave to the GPU. */
export const headKernelTable: MakeKernelTable = (choose) => kernelTable(choose, []);

/** Of every operation. */
export async function wholeKernelTable(): Promise<MakeKernelTable> {
  const { otherKernels } = await import("./other-kernels.ts");
  return (choose = chooseTiling(undefined)) => kernelTable(choose, otherKernels(choose));
}

function kernelTable(choose: ChooseTiling | undefined, others: readonly OperationKernels[]): KernelTable {
  const products = linearKernels(choose);
  const linear = products.find(({ operation }) => operation === "linear");
  if (linear === undefined) throw new TypeError("there are no kernels of linear layers");
  const all: readonly OperationKernels[] = [...elementaryKernels(), ...products, ...attentionKernels({ linear }), ...others];
  return new Map(all.map((kernels) => [kernels.operation, kernels]));
}
