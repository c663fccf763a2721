// Matrices of the WGSL extension `chromium_experimental_subgroup_matrix`.
// Types name columns before rows: `subgroup_matrix_left<f16, inner, rows>`.
// Source: https://dawn.googlesource.com/dawn/+/refs/heads/main/docs/dawn/features/subgroup_matrix.md and
// https://github.com/gpuweb/gpuweb/blob/main/proposals/subgroup-matrix.md.
import type { MatrixShape } from "../../kernel/device-facts.ts";
import { nameOfMemory, type MatrixOrder, type MatrixPrimitives } from "./matrix-primitives.ts";

const majorness: Readonly<Record<MatrixOrder, string>> = { rows: "row_major", columns: "col_major" };

export function deviceMatrices(shape: MatrixShape, lanes: number, words: readonly string[]): MatrixPrimitives {
  const { rows, columns, inner } = shape;
  const left = `subgroup_matrix_left<f16, ${inner}, ${rows}>`;
  const right = `subgroup_matrix_right<f16, ${columns}, ${inner}>`;
  const sums = `subgroup_matrix_result<f32, ${columns}, ${rows}>`;
  /** In elements of the memory's array. */
  const inElements = (memory: string, size: string, ofVector: number): string =>
    words.includes(nameOfMemory(memory)) ? `(${size}) / ${ofVector}u` : size;
  const load = (type: string, memory: string, at: string, stride: string, order: MatrixOrder, ofVector = 8): string =>
    `subgroupMatrixLoad<${type}, ${majorness[order]}>(&${memory}, ${inElements(memory, at, ofVector)}, ${inElements(memory, stride, ofVector)})`;
  return {
    shape,
    lanes,
    // That all invocations of a subgroup come along is seen to by the kernels: the analysis would need it of whole workgroups.
    directives: `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);
diagnostic(off, subgroup_uniformity);`,
    declarations: () => "",
    enter: () => "",
    zero: `${sums}()`,
    loadLeft: (memory, at, stride, order = "rows") => load(left, memory, at, stride, order),
    loadRight: (memory, at, stride, order = "rows") => load(right, memory, at, stride, order),
    loadSum: (memory, at, stride) => load(sums, memory, at, stride, "rows", 4),
    multiplyAdd: (leftValue, rightValue, sum) => `subgroupMatrixMultiplyAccumulate(${leftValue}, ${rightValue}, ${sum})`,
    store: (memory, at, stride, sum) =>
      `subgroupMatrixStore<row_major>(&${memory}, ${inElements(memory, at, 4)}, ${sum}, ${inElements(memory, stride, 4)});`,
  };
}
