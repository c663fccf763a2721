import { elementCount } from "@longspan/core";
import type { ActivationFunction } from "@longspan/core/graph";
import { required } from "../../kernel/required.ts";
import type { DeviceLimits } from "../../kernel/device-facts.ts";
import type { DeviceTensor, Dispatch, Operand } from "../../kernel/kernel.ts";
import type { OperationKernels, PlanContext } from "../../kernel/operation-kernels.ts";
import { packUniforms, rowRanges, rowsOf, wholeOperand, type RowRange } from "../parts/dispatching.ts";
import { floatBytes, floatStorage } from "../parts/float-storage.ts";
import { combineWorkgroups } from "./combine-kernel.ts";
import type { ChooseTiling } from "./linear-tuning.ts";
import type { ProductForm } from "./product-code.ts";
import { productDispatches } from "./product-dispatches.ts";
import type { ProductKernels } from "./product-kernel.ts";
import type { Tiling } from "./tiling.ts";

/**
 * `out[…, o] = Σ_i x[…, i] · weight[o, i] + bias[o]`: x `[…, in]`, weight `[out, in]` (float32 or float16), bias `[out]` if given.
 * One dispatch; several where the weight (the output layer of a masked language model) or the output is larger than a binding: runs of
 * weight's rows, which are columns of the output, by runs of the output's rows.
 */
export function linear(choose: ChooseTiling, kernels: ProductKernels): OperationKernels {
  return {
    operation: "linear",
    float16Inputs: [0, 1],
    float16Outputs: [0],
    plan: ({ inputs: [x, weight, bias], outputs: [out] }, context) =>
      planLinear({ x, weight, bias, out, activation: undefined, addend: undefined }, context, choose, kernels),
  };
}

export interface LinearLayer {
  readonly x: DeviceTensor | undefined;
  readonly weight: DeviceTensor | undefined;
  readonly bias: DeviceTensor | undefined;
  readonly activation: ActivationFunction | undefined;
  readonly addend: DeviceTensor | undefined;
  readonly out: DeviceTensor | undefined;
  /**
   * What adds up a product whose inner axis is cut into parts, all rows of it, with bias and addend, in place of the kernel that does; undefined: it
   * cannot.
   */
  readonly join?: ((parts: ProductParts) => readonly Dispatch[] | undefined) | undefined;
}

/** Partial sums `[count, rows, columns]`, float32. */
interface ProductParts {
  readonly tensor: DeviceTensor;
  readonly count: number;
}

/** What planning a layer takes of a `PlanContext`. */
export type LinearContext = Pick<PlanContext, "facts" | "scratch">;

/** @throws LongspanError `device-limit` where not even a few rows of the weight, or of the output, fit a binding. */
export function planLinear(layer: LinearLayer, context: LinearContext, choose: ChooseTiling, kernels: ProductKernels): readonly Dispatch[] {
  const { bias, activation, addend } = layer;
  const [x, weight, out] = [required(layer.x), required(layer.weight), required(layer.out)];
  const { facts } = context;
  const [columns = 1, inner = 1] = weight.shape;
  const rows = elementCount(x.shape) / inner;
  const rightStorage = floatStorage(weight.storage);
  const tiling = choose(facts, { rows, columns, inner, stack: 1, rightLayout: "columns" }, rightStorage);
  const staged = stagedInner(tiling);
  const parts = innerParts(tiling, { rows, columns, inner }, facts.limits);
  const form: ProductForm = {
    rightLayout: "columns",
    leftStorage: floatStorage(x.storage),
    rightStorage,
    outStorage: floatStorage(out.storage),
    addendStorage: floatStorage(addend?.storage ?? "float32"),
    innerByFours: inner % 4 === 0,
    innerByTiles: staged !== undefined && inner % staged === 0,
    columnsByFours: columns % 4 === 0,
    bias: bias !== undefined,
    activation,
    addend: addend !== undefined,
    stacked: false,
    partial: false,
  };
  const afterwards = (range: RowRange): readonly Operand[] => [
    ...(bias === undefined ? [] : [wholeOperand(bias, facts.limits)]),
    ...(addend === undefined ? [] : [rowsOf(addend, columns * floatBytes(addend.storage), range)]),
    rowsOf(out, columns * floatBytes(out.storage), range),
  ];
  const rowBytes = [inner * floatBytes(x.storage), columns * floatBytes(out.storage), columns * floatBytes(addend?.storage ?? out.storage)];
  const weightBytes = inner * floatBytes(weight.storage);
  const ranges = rowRanges(rows, rowBytes, facts.limits);
  if (parts.count > 1) {
    const tensor = context.scratch("float32", parts.count * Math.max(...ranges.map(({ count }) => count)) * columns);
    const joined = ranges.length === 1 ? layer.join?.({ tensor, count: parts.count }) : undefined;
    const combine = (range: RowRange): Dispatch => ({
      kernel: kernels("combine", form),
      uniforms: packUniforms(range.count, columns, parts.count, 0, columns),
      operands: [{ tensor }, ...afterwards(range)],
      workgroups: combineWorkgroups(range.count, columns, facts.limits),
      work: { floatingPointOperations: parts.count * range.count * columns, bytes: (parts.count + 1) * range.count * columns * 4 },
    });
    const product: ProductForm = { ...form, outStorage: "float32", bias: false, activation: undefined, addend: false, partial: true };
    return ranges.flatMap((range) => [
      ...productDispatches(
        {
          kernel: kernels(tiling, product),
          tiling,
          stack: parts.count,
          uniforms: { rows: range.count, columns, inner, outColumn: 0, outStride: columns, partSteps: parts.inner / 4 },
          operands: [rowsOf(x, inner * floatBytes(x.storage), range), wholeOperand(weight, facts.limits), { tensor }],
        },
        facts.limits,
      ),
      ...(joined ?? [combine(range)]),
    ]);
  }
  return ranges.flatMap((range) =>
    columnRanges(columns, weightBytes, facts.limits).flatMap((columnRange) =>
      productDispatches(
        {
          kernel: kernels(tiling, form),
          tiling,
          stack: 1,
          uniforms: { rows: range.count, columns: columnRange.count, inner, outColumn: columnRange.first, outStride: columns },
          operands: [rowsOf(x, inner * floatBytes(x.storage), range), rowsOf(weight, weightBytes, columnRange), ...afterwards(range)],
        },
        facts.limits,
      ),
    ),
  );
}

/** How much of the inner axis a tiling stages at a time. */
function stagedInner(tiling: Tiling): number | undefined {
  if (tiling.kind === "matrix") return tiling.inner;
  return tiling.kind === "tile" ? 4 * tiling.stagedSteps : undefined;
}

/**
 * The parts of the inner axis by a tiling, multiples of what it stages; one part where the weight or the partial sums could not be bound whole,
 * or the columns do not come in fours.
 */
function innerParts(
  tiling: Tiling,
  { rows, columns, inner }: { readonly rows: number; readonly columns: number; readonly inner: number },
  { maxStorageBufferBindingSize }: DeviceLimits,
): { readonly count: number; readonly inner: number } {
  const whole = { count: 1, inner };
  const staged = stagedInner(tiling);
  if ((tiling.kind !== "tile" && tiling.kind !== "matrix") || staged === undefined || tiling.parts === 1 || columns % 4 !== 0) return whole;
  const partInner = Math.ceil(inner / tiling.parts / staged) * staged;
  const count = Math.ceil(inner / partInner);
  const bytes = Math.max(count * rows * columns * 4, columns * inner * 4);
  return count === 1 || bytes > maxStorageBufferBindingSize ? whole : { count, inner: partInner };
}

/** Runs of the weight's rows. They begin at multiples of 4 where the output is written in fours. */
function columnRanges(columns: number, rowBytes: number, limits: DeviceLimits): readonly RowRange[] {
  if (columns % 4 !== 0) return rowRanges(columns, [rowBytes], limits);
  return rowRanges(columns / 4, [rowBytes * 4], limits).map(({ first, count }) => ({ first: first * 4, count: count * 4 }));
}
