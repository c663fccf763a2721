import { required } from "../kernel/required.ts";
import type { KernelTable, OperationKernels } from "../kernel/operation-kernels.ts";
import type { ChooseAttention } from "./attention/attention-plan.ts";
import { attentionKernels } from "./attention/index.ts";
import { elementaryKernels } from "./elementary.ts";
import { linearKernels } from "./linear/index.ts";
import { chooseTiling, type ChooseTiling } from "./linear/linear-tuning.ts";

/** What chooses tilings. Default: rules. */
interface TilingChoices {
  readonly products?: ChooseTiling | undefined;
  readonly attention?: ChooseAttention | undefined;
}

/**
 * Makes kernels, by the operation that they run on the GPU. What is written in the graph (`constant`, `bandMask`) and `nonzero` the host computes, and a
 * reshape is another view of the same memory: see `splitGraph`.
 */
export type MakeKernelTable = (choices?: TilingChoices) => KernelTable;

/** Of the operations that heads of Longformers, fused, leave to the GPU. */
export const headKernelTable: MakeKernelTable = (choices) => kernelTable(choices, () => []);

/** Of every operation. */
export async function wholeKernelTable(): Promise<MakeKernelTable> {
  const { otherKernels } = await import("./other-kernels.ts");
  return (choices) => kernelTable(choices, otherKernels);
}

function kernelTable(
  { products: choose = chooseTiling(undefined), attention }: TilingChoices = {},
  others: (choose: ChooseTiling) => readonly OperationKernels[],
): KernelTable {
  const products = linearKernels(choose);
  const linear = required(products.find(({ operation }) => operation === "linear"));
  const attending = attentionKernels({ linear, tilings: attention });
  const all: readonly OperationKernels[] = [...elementaryKernels(), ...products, ...attending, ...others(choose)];
  return new Map(all.map((kernels) => [kernels.operation, kernels]));
}
