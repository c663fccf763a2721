import type { DeviceLimits } from "../../kernel/device-facts.ts";
import type { Dispatch, Kernel, Operand } from "../../kernel/kernel.ts";
import { packUniforms } from "../parts/dispatching.ts";
import { uniformWords, type ProductUniforms } from "./product-code.ts";
import { workgroupExtent, type Tiling } from "./tiling.ts";

/** A product, or a stack of them, of operands that can be bound as they are. */
export interface BoundProduct {
  readonly kernel: Kernel;
  readonly tiling: Tiling;
  readonly uniforms: Omit<ProductUniforms, "firstRow" | "firstColumn">;
  /** Matrices in the grid. */
  readonly stack: number;
  readonly operands: readonly Operand[];
}

/** One dispatch, or several where the grid would be longer than a device allows. */
export function productDispatches({ kernel, tiling, uniforms, stack, operands }: BoundProduct, limits: DeviceLimits): readonly Dispatch[] {
  const extent = workgroupExtent(tiling);
  const max = limits.maxComputeWorkgroupsPerDimension;
  const { rows, columns, inner } = uniforms;
  return runs(Math.ceil(rows / extent.rows), max).flatMap(([firstY, countY]) =>
    runs(Math.ceil(columns / extent.columns), max).map(([firstX, countX]) => {
      const covered =
        Math.min(rows - firstY * extent.rows, countY * extent.rows) *
        Math.min(columns - firstX * extent.columns, countX * extent.columns) *
        stack;
      return {
        kernel,
        uniforms: packUniforms(...uniformWords({ ...uniforms, firstRow: firstY * extent.rows, firstColumn: firstX * extent.columns })),
        operands,
        workgroups: [countX, countY, stack] as const,
        work: {
          floatingPointOperations: 2 * covered * inner,
          bytes: operands.reduce((sum, { tensor, byteOffset = 0, byteLength = tensor.byteLength - byteOffset }) => sum + byteLength, 0),
        },
      };
    }),
  );
}

/** 0 … count - 1 in runs of at most `most`: where each starts, and its length. */
export function runs(count: number, max: number): readonly (readonly [number, number])[] {
  return Array.from({ length: Math.ceil(count / max) }, (_, run) => [run * max, Math.min(max, count - run * max)] as const);
}
