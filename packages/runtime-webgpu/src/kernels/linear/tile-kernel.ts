import { entryPoint } from "../parts/bindings.ts";
import { lines, upTo } from "../parts/lines.ts";
import { workgroupExtent, type TileTiling } from "./tiling.ts";
import { multiplyAdd, productDeclarations, type ProductForm } from "./product-code.ts";

/**
 * `out = epilogue(left · right)`, through workgroup memory: left `[rows, inner]`, right `[columns, inner]` or `[inner, columns]`, out
 * `[rows, columns]`.
 *
 * `stagedSteps` vectors of four along the inner axis at a time, a tile of each side is staged (with `readsAhead`, while the tile before is
 * multiplied, the next is on its way to registers), then each invocation adds the products of its rows and columns to sums in registers: `threadRows + threadColumns` reads of four for `4 · threadRows · threadColumns` multiplications.
 * Steps past the inner axis are staged, whatever lies there, but not added; for that the inner loop's bound is no constant, nor does Mesa
 * unroll it then. With `unrolls` it is one where the inner axis comes out even.
 *
 * Neighbouring invocations read neighbouring slots, of 64 bytes or more. A slot's vectors are permuted by bits of its number, so that eight
 * neighbours touch all 32 banks of memory once: the usual padding would not fit two tiles of 128 into 16 KiB. Columns are dealt to
 * slots so that each invocation has them in fours, as they are written.
 *
 * With two slices, two invocations share a block, each adds the products of its half of what is staged, and writes half of the rows.
 *
 * Grid: x over columns, y over rows, z over the stack. After "CUTLASS: Fast Linear Algebra in CUDA C++" (hierarchy of tiles) and the vector
 * staging of onnxruntime's and TensorFlow.js's WebGPU matrix products.
 */
export function tileKernelCode(tiling: TileTiling, form: ProductForm): string {
  const { rowThreads, columnThreads, threadRows, threadColumns, stagedSteps, slices, readsAhead } = tiling;
  const unrolls = tiling.unrolls && form.innerByTiles;
  const { rows, columns } = workgroupExtent(tiling);
  const groups = threadColumns / 4;
  const threads = rowThreads * columnThreads;
  const invocations = threads * slices;
  const sliceSteps = stagedSteps / slices;
  const sum = (row: number, column: number): string => `sum_${row}_${column}`;
  const leftReads = upTo((rows * stagedSteps) / invocations);
  const rightReads = upTo((columns * stagedSteps) / invocations);
  const permutation = (slot: string): string => (stagedSteps % 8 === 0 ? `((${slot}) & 7u)` : `(((${slot}) >> 1u) & 3u)`);
  const swizzled = (slot: string, step: string): string => `(${slot}) * ${stagedSteps}u + ((${step}) ^ ${permutation(slot)})`;
  // Along the contiguous axis first, so that neighbours read neighbouring memory.
  const rightPlace = (read: number): string =>
    form.rightLayout === "columns"
      ? `let right_slot_${read} = (lane + ${read * invocations}u) / ${stagedSteps}u;
  let right_step_${read} = lane % ${stagedSteps}u;
  let right_column_${read} = slot_column(right_slot_${read});`
      : `let right_column_${read} = (lane + ${read * invocations}u) % ${columns}u;
  let right_step_${read} = (lane + ${read * invocations}u) / ${columns}u;
  let right_slot_${read} = column_slot(right_column_${read});`;
  const read = (side: "left" | "right", index: number, first = "first"): string =>
    `read_${side}(${side}_start_${index}, ${first} + ${side === "left" ? "left_step" : `right_step_${index}`})`;
  const held = (side: "left" | "right", index: number): string => `${side}_held_${index}`;
  const each = (write: (side: "left" | "right", index: number) => string): string =>
    [...leftReads.map((index) => write("left", index)), ...rightReads.map((index) => write("right", index))].join("\n");
  const stage = (value: (side: "left" | "right", index: number) => string): string =>
    each((side, index) => `${side}_tile[${side}_place_${index}] = ${value(side, index)};`);
  const readAhead = (first: string, declare: string): string =>
    each((side, index) => `${declare} ${held(side, index)} = ${read(side, index, first)};`);
  const stepOfSlice = slices === 1 ? "step" : "(slice_step + step)";
  /** Rows of the block that an invocation writes. */
  const ownRows = threadRows / slices;
  /** Statements for each vector of four sums, `at` of those of these rows. */
  const eachFour = (firstRow: number, write: (at: number, sums: string) => string): string =>
    lines(upTo(ownRows), (row) =>
      upTo(groups).map((group) =>
        write(
          row * groups + group,
          `vec4<f32>(${upTo(4)
            .map((part) => sum(firstRow + row, group * 4 + part))
            .join(", ")})`,
        ),
      ),
    );
  const wholeBlock = `var block: array<vec4<f32>, ${ownRows * groups}>;
  ${eachFour(0, (at, sums) => `block[${at}] = ${sums};`)}`;
  // Each of the two gives the other the sums of the rows that the other writes, where the tiles were.
  const exchanged = (at: number): string => `[lane % ${threads}u + ${at * threads}u]`;
  const halfBlock = `var block: array<vec4<f32>, ${ownRows * groups}>;
  if (slice == 0u) {
    ${eachFour(ownRows, (at, sums) => `right_tile${exchanged(at)} = ${sums};`)}
  } else {
    ${eachFour(0, (at, sums) => `left_tile${exchanged(at)} = ${sums};`)}
  }
  workgroupBarrier();
  if (slice == 0u) {
    ${eachFour(0, (at, sums) => `block[${at}] = ${sums} + left_tile${exchanged(at)};`)}
  } else {
    ${eachFour(ownRows, (at, sums) => `block[${at}] = ${sums} + right_tile${exchanged(at)};`)}
  }`;
  return `${productDeclarations(form)}
var<workgroup> left_tile: array<vec4<f32>, ${rows * stagedSteps}>;
var<workgroup> right_tile: array<vec4<f32>, ${columns * stagedSteps}>;
fn slot_column(slot: u32) -> u32 {
  let part = slot / ${columnThreads}u;
  return (part / 4u) * ${4 * columnThreads}u + (slot % ${columnThreads}u) * 4u + part % 4u;
}
fn column_slot(column: u32) -> u32 {
  return (column / ${4 * columnThreads}u * 4u + column % 4u) * ${columnThreads}u + column % ${4 * columnThreads}u / 4u;
}
${entryPoint(invocations, "workgroup")}
  enter_stack(workgroup.z);
  let tile_row = uniforms.first_row + workgroup.y * ${rows}u;
  let tile_column = uniforms.first_column + workgroup.x * ${columns}u;
  let row_thread = lane ${slices === 1 ? "" : `% ${threads}u `}/ ${columnThreads}u;
  let column_thread = lane % ${columnThreads}u;
  ${slices === 1 ? "" : `let slice = lane / ${threads}u;\n  let slice_step = slice * ${sliceSteps}u;`}
  let left_step = lane % ${stagedSteps}u;
  ${lines(
    leftReads,
    (read) => `let left_slot_${read} = (lane + ${read * invocations}u) / ${stagedSteps}u;
  let left_start_${read} = left_start(tile_row + left_slot_${read});
  let left_place_${read} = ${swizzled(`left_slot_${read}`, "left_step")};`,
  )}
  ${lines(
    rightReads,
    (read) => `${rightPlace(read)}
  let right_start_${read} = right_start(tile_column + right_column_${read});
  let right_place_${read} = ${swizzled(`right_slot_${read}`, `right_step_${read}`)};`,
  )}
  let left_swizzle = ${permutation("row_thread")};
  let right_swizzle = ${permutation("column_thread")};
  ${lines(upTo(threadRows), (row) => upTo(threadColumns).map((column) => `var ${sum(row, column)} = 0.0;`))}
  let end = end_step(workgroup.z);
  ${readsAhead ? readAhead("first_step(workgroup.z)", "var") : ""}
  for (var first = first_step(workgroup.z); first < end; first += ${stagedSteps}u) {
    ${readsAhead ? stage(held) : stage(read)}
    workgroupBarrier();
    ${unrolls ? "" : `let staged = ${slices === 1 ? `min(${stagedSteps}u, end - first)` : `clamp(end - first, slice_step, slice_step + ${sliceSteps}u) - slice_step`};`}
    ${
      readsAhead
        ? `if (first + ${stagedSteps}u < end) {
    ${readAhead(`first + ${stagedSteps}u`, "")}
    }`
        : ""
    }
    for (var step = 0u; step < ${unrolls ? `${sliceSteps}u` : "staged"}; step++) {
      let left_at = row_thread * ${stagedSteps}u + (${stepOfSlice} ^ left_swizzle);
      let right_at = column_thread * ${stagedSteps}u + (${stepOfSlice} ^ right_swizzle);
      ${lines(upTo(threadColumns), (column) => `let right_${column} = right_tile[right_at + ${column * columnThreads * stagedSteps}u];`)}
      ${lines(upTo(threadRows), (row) => [
        `let left_${row} = left_tile[left_at + ${row * rowThreads * stagedSteps}u];`,
        ...upTo(threadColumns).map((column) => multiplyAdd(sum(row, column), `left_${row}`, `right_${column}`)),
      ])}
    }
    workgroupBarrier();
  }
  ${slices === 1 ? wholeBlock : halfBlock}
  let row = tile_row + row_thread${slices === 1 ? "" : ` + slice * ${ownRows * rowThreads}u`};
  let column = tile_column + column_thread * 4u;
  for (var index = 0u; index < ${ownRows}u && row + index * ${rowThreads}u < uniforms.rows; index++) {
    for (var group = 0u; group < ${groups}u && column + group * ${4 * columnThreads}u < uniforms.columns; group++) {
      write(row + index * ${rowThreads}u, column + group * ${4 * columnThreads}u, block[index * ${groups}u + group]);
    }
  }
}`;
}
