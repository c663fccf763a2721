import { elementCount } from "@longspan/core";
import type { ActivationFunction } from "@longspan/core/graph";
import type { DeviceFacts, DeviceLimits } from "../../kernel/device-facts.ts";
import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import { rowRanges, rowsOf, wholeOperand, type RowRange } from "../parts/dispatching.ts";
import type { ChooseTiling } from "./linear-tuning.ts";
import { productDispatches } from "./product-dispatches.ts";
import type { ProductKernels } from "./product-kernel.ts";

/**
 * `out[…, o] = Σ_i x[…, i] · weight[o, i] + bias[o]`: x `[…, in]`, weight `[out, in]` (float32 or float16), bias `[out]` if given.
 * One dispatch; several where the weight (the output layer of a masked language model) or the output is larger than a binding: runs of
 * weight's rows, which are columns of the output, by runs of the output's rows.
 */
export function linear(choose: ChooseTiling, kernels: ProductKernels): OperationKernels {
  return {
    operation: "linear",
    float16Inputs: [1],
    plan: ({ inputs: [x, weight, bias], outputs: [out] }, { facts }) =>
      planLinear({ x, weight, bias, out, activation: undefined, addend: undefined }, facts, choose, kernels),
  };
}

export interface LinearLayer {
  readonly x: DeviceTensor | undefined;
  readonly weight: DeviceTensor | undefined;
  readonly bias: DeviceTensor | undefined;
  readonly activation: ActivationFunction | undefined;
  readonly addend: DeviceTensor | undefined;
  readonly out: DeviceTensor | undefined;
}

/** @throws LongspanError `device-limit` where not even a few rows of the weight, or of the output, fit a binding. */
export function planLinear(
  { x, weight, bias, activation, addend, out }: LinearLayer,
  facts: DeviceFacts,
  choose: ChooseTiling,
  kernels: ProductKernels,
): readonly Dispatch[] {
  if (x === undefined || weight === undefined || out === undefined) throw new TypeError("a linear layer has x, a weight and an output");
  const [columns = 1, inner = 1] = weight.shape;
  const rows = elementCount(x.shape) / inner;
  const rightStorage = weight.storage === "float16" ? "float16" : "float32";
  const tiling = choose(facts, { rows, columns, inner, stack: 1, rightLayout: "columns" }, rightStorage);
  const kernel = kernels(tiling, {
    rightLayout: "columns",
    rightStorage,
    innerByFours: inner % 4 === 0,
    columnsByFours: columns % 4 === 0,
    bias: bias !== undefined,
    activation,
    addend: addend !== undefined,
    stacked: false,
  });
  const weightBytes = inner * (rightStorage === "float16" ? 2 : 4);
  return rowRanges(rows, [inner * 4, columns * 4], facts.limits).flatMap((range) =>
    columnRanges(columns, weightBytes, facts.limits).flatMap((columnRange) =>
      productDispatches(
        {
          kernel,
          tiling,
          stack: 1,
          uniforms: { rows: range.count, columns: columnRange.count, inner, outColumn: columnRange.first, outStride: columns },
          operands: [
            rowsOf(x, inner * 4, range),
            rowsOf(weight, weightBytes, columnRange),
            ...(bias === undefined ? [] : [wholeOperand(bias, facts.limits)]),
            ...(addend === undefined ? [] : [rowsOf(addend, columns * 4, range)]),
            rowsOf(out, columns * 4, range),
          ],
        },
        facts.limits,
      ),
    ),
  );
}

/** Runs of the weight's rows. They begin at multiples of 4 where the output is written in fours. */
function columnRanges(columns: number, rowBytes: number, limits: DeviceLimits): readonly RowRange[] {
  if (columns % 4 !== 0) return rowRanges(columns, [rowBytes], limits);
  return rowRanges(columns / 4, [rowBytes * 4], limits).map(({ first, count }) => ({ first: first * 4, count: count * 4 }));
}
