import type { KernelTable } from "../kernel/operation-kernels.ts";
import { elementaryKernels } from "./elementary.ts";

/**
 * The kernels of every operation that runs on the GPU, by operation. What is written in the graph (`constant`, `band`) and
 * `findIndices` the host computes, and a reshape is another view of the same memory: see `splitGraph`.
 */
export function kernelTable(): KernelTable {
  return new Map([...elementaryKernels()].map((kernels) => [kernels.operation, kernels]));
}
