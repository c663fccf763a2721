// The same matrices without matrix units, so that kernels written over them run, and are tested, anywhere: right, not fast.
// A subgroup's sums are dealt out to its invocations, element e to invocation e mod lanes; each keeps what it needs of the operands, all
// `inner` elements of its rows of the left and of its one column of the right. Nothing of real subgroups is used: any `lanes` invocations in a
// row are one.
import type { MatrixShape } from "../../kernel/device-facts.ts";
import type { MatrixMemory, MatrixOrder, MatrixPrimitives } from "./matrix-primitives.ts";

export function plainMatrices(shape: MatrixShape, lanes: number): MatrixPrimitives {
  const { rows, columns, inner } = shape;
  if (lanes % columns !== 0 || (rows * columns) % lanes !== 0)
    throw new TypeError(`matrices of ${rows} x ${columns} cannot be dealt out to ${lanes} invocations`);
  /** Sums of an invocation, and the distance of their rows. */
  const own = (rows * columns) / lanes;
  const step = lanes / columns;
  const load = (kind: string, memory: string, at: string, stride: string, order: MatrixOrder): string =>
    order === "rows" ? `load_${kind}_${memory}(${at}, ${stride}, 1u)` : `load_${kind}_${memory}(${at}, 1u, ${stride})`;
  const row = (item: string): string => `(matrix_lane / ${columns}u + ${item} * ${step}u)`;
  const column = `matrix_lane % ${columns}u`;

  const operandLoads = ({ name }: MatrixMemory): string => `
fn load_left_${name}(at: u32, row_stride: u32, column_stride: u32) -> LeftMatrix {
  var matrix: LeftMatrix;
  for (var item = 0u; item < matrix_own; item++) {
    for (var k = 0u; k < matrix_inner; k++) { matrix[item * ${inner}u + k] = f32(${name}[at + ${row("item")} * row_stride + k * column_stride]); }
  }
  return matrix;
}
fn load_right_${name}(at: u32, row_stride: u32, column_stride: u32) -> RightMatrix {
  var matrix: RightMatrix;
  for (var k = 0u; k < matrix_inner; k++) { matrix[k] = f32(${name}[at + k * row_stride + ${column} * column_stride]); }
  return matrix;
}`;
  const sumMemory = ({ name }: MatrixMemory): string => `
fn load_sum_${name}(at: u32, stride: u32) -> SumMatrix {
  var matrix: SumMatrix;
  for (var item = 0u; item < matrix_own; item++) { matrix[item] = ${name}[at + ${row("item")} * stride + ${column}]; }
  return matrix;
}
fn store_${name}(at: u32, stride: u32, matrix: SumMatrix) {
  var stored = matrix;
  for (var item = 0u; item < matrix_own; item++) { ${name}[at + ${row("item")} * stride + ${column}] = stored[item]; }
}`;

  return {
    shape,
    lanes,
    directives: "enable f16;",
    declarations: (memories) => `
alias LeftMatrix = array<f32, ${own * inner}>;
alias RightMatrix = array<f32, ${inner}>;
alias SumMatrix = array<f32, ${own}>;
var<private> matrix_lane: u32;
// ${own} and ${inner}, but Mesa does not know: it unrolls loops over constants.
var<private> matrix_own: u32;
var<private> matrix_inner: u32;
fn matrix_multiply_add(left_matrix: LeftMatrix, right_matrix: RightMatrix, sum: SumMatrix) -> SumMatrix {
  var left = left_matrix;
  var right = right_matrix;
  var matrix = sum;
  for (var item = 0u; item < matrix_own; item++) {
    var total = matrix[item];
    for (var k = 0u; k < matrix_inner; k++) { total += left[item * ${inner}u + k] * right[k]; }
    matrix[item] = total;
  }
  return matrix;
}
${memories.map((memory) => (memory.element === "f16" ? operandLoads(memory) : sumMemory(memory))).join("\n")}`,
    enter: (lane) => `matrix_lane = ${lane} % ${lanes}u;
  matrix_own = ${own}u + (${lane} >> 16u);
  matrix_inner = ${inner}u + (${lane} >> 16u);`,
    zero: "SumMatrix()",
    loadLeft: (memory, at, stride, order = "rows") => load("left", memory, at, stride, order),
    loadRight: (memory, at, stride, order = "rows") => load("right", memory, at, stride, order),
    loadSum: (memory, at, stride) => `load_sum_${memory}(${at}, ${stride})`,
    multiplyAdd: (left, right, sum) => `matrix_multiply_add(${left}, ${right}, ${sum})`,
    store: (memory, at, stride, sum) => `store_${memory}(${at}, ${stride}, ${sum});`,
  };
}
