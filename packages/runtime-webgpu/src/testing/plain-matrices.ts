// The same matrices without matrix units, so that kernels written over them run, and are tested, anywhere: right, not fast.
// A subgroup's sums are dealt out to its invocations, element e to invocation e mod lanes. Operands are not copied: an operand is where it lies
// (number of the memory, place of its first element, distances of its rows and columns), and is read when it is multiplied. Copies would be
// nearer to matrix units, but Mesa takes half a minute to compile what returns arrays of a hundred numbers.
// Nothing of real subgroups is used: any `lanes` invocations in a row are one.
import { lines } from "../kernels/parts/lines.ts";
import type { MatrixShape } from "../kernel/device-facts.ts";
import { nameOfMemory, type MatrixMemory, type MatrixOrder, type MatrixPrimitives } from "../kernels/matrix/index.ts";

export function plainMatrices(shape: MatrixShape, lanes: number, words: readonly string[]): MatrixPrimitives {
  const { rows, columns, inner } = shape;
  if (lanes % columns !== 0 || (rows * columns) % lanes !== 0)
    throw new TypeError(`matrices of ${rows} x ${columns} cannot be dealt out to ${lanes} invocations`);
  /** Sums of an invocation, and the distance of their rows. */
  const own = (rows * columns) / lanes;
  const step = lanes / columns;
  const row = (item: string): string => `matrix_lane / ${columns}u + ${item} * ${step}u`;
  const column = `matrix_lane % ${columns}u`;
  /** A place in the whole memory, of one in a block. */
  const place = (memory: string, at: string, element: MatrixMemory["element"]): string => {
    const name = nameOfMemory(memory);
    return memory === name ? at : `(${memory.slice(name.length + 1, -1)}) * block_${name}_${element} + ${at}`;
  };
  const operand = (memory: string, at: string, stride: string, order: MatrixOrder): string =>
    `vec4<u32>(memory_${nameOfMemory(memory)}, ${place(memory, at, "f16")}, ${order === "rows" ? `${stride}, 1u` : `1u, ${stride}`})`;
  /** The array's element with the element of a matrix at `at`. */
  const holder = ({ name, block }: MatrixMemory, ofVector: number): string => {
    const [index, size] = words.includes(name) ? [`at / ${ofVector}u`, (block ?? 0) / ofVector] : ["at", block ?? 0];
    return block === undefined ? `${name}[${index}]` : `${name}[${index} / ${size}u][${index} % ${size}u]`;
  };

  const sums = (memory: MatrixMemory, holdsOperands: boolean): string => {
    const { name } = memory;
    const value = `${holder(memory, 4)}${words.includes(name) ? "[at % 4u]" : ""}`;
    const [read, write] = holdsOperands ? [`bitcast<f32>(${value})`, "bitcast<u32>(stored[item])"] : [value, "stored[item]"];
    return `
fn load_sum_${name}(first: u32, stride: u32) -> SumMatrix {
  var matrix: SumMatrix;
  for (var item = 0u; item < matrix_own; item++) {
    let at = first + (${row("item")}) * stride + ${column};
    matrix[item] = ${read};
  }
  return matrix;
}
fn store_${name}(first: u32, stride: u32, matrix: SumMatrix) {
  var stored = matrix;
  for (var item = 0u; item < matrix_own; item++) {
    let at = first + (${row("item")}) * stride + ${column};
    ${value} = ${write};
  }
}`;
  };

  return {
    shape,
    lanes,
    directives: `enable f16;
enable subgroups;
diagnostic(off, subgroup_uniformity);`,
    declarations(memories) {
      const operands = memories.filter(({ element }) => element === "f16");
      const blocks = memories.flatMap(({ name, element, block }) =>
        block === undefined ? [] : [`const block_${name}_${element} = ${block}u;`],
      );
      return `
alias SumMatrix = array<f32, ${own}>;
var<private> matrix_lane: u32;
// ${own} and ${inner}, but Mesa does not know: it unrolls loops over constants.
var<private> matrix_own: u32;
var<private> matrix_inner: u32;
${lines(operands, ({ name }, index) => `const memory_${name} = ${index}u;`)}
${blocks.join("\n")}
fn matrix_element(operand: vec4<u32>, row: u32, column: u32) -> f32 {
  let at = operand.y + row * operand.z + column * operand.w;
  switch operand.x {
    ${lines(operands, (memory) => {
      const held = holder(memory, 8);
      const value = words.includes(memory.name) ? `unpack2x16float(${held}[at % 8u / 2u])[at % 2u]` : `f32(${held})`;
      return `case memory_${memory.name}: { return ${value}; }`;
    })}
    default: { return 0.0; }
  }
}
fn matrix_multiply_add(left: vec4<u32>, right: vec4<u32>, sum: SumMatrix) -> SumMatrix {
  var matrix = sum;
  for (var k = 0u; k < matrix_inner; k++) {
    let factor = matrix_element(right, k, ${column});
    for (var item = 0u; item < matrix_own; item++) { matrix[item] += matrix_element(left, ${row("item")}, k) * factor; }
  }
  return matrix;
}
${lines(
  memories.filter(({ element }) => element === "f32"),
  (memory) =>
    sums(
      memory,
      operands.some(({ name }) => name === memory.name),
    ),
)}`;
    },
    enter: (lane) => `matrix_lane = ${lane} % ${lanes}u;
  matrix_own = ${own}u + (${lane} >> 16u);
  matrix_inner = ${inner}u + (${lane} >> 16u);`,
    zero: "SumMatrix()",
    loadLeft: (memory, at, stride, order = "rows") => operand(memory, at, stride, order),
    loadRight: (memory, at, stride, order = "rows") => operand(memory, at, stride, order),
    loadSum: (memory, at, stride) => `load_sum_${nameOfMemory(memory)}(${place(memory, at, "f32")}, ${stride})`,
    multiplyAdd: (left, right, sum) => `matrix_multiply_add(${left}, ${right}, ${sum})`,
    store: (memory, at, stride, sum) => `store_${nameOfMemory(memory)}(${place(memory, at, "f32")}, ${stride}, ${sum});`,
  };
}
