import { matrixPrimitives } from "../matrix/index.ts";
import { foursType, halvesCode } from "../parts/float-storage.ts";
import { upTo } from "../parts/up-to.ts";
import { writeCode, type ProductForm } from "./product-code.ts";
import { matrixStrides, type MatrixTiling } from "./tiling.ts";

/**
 * `out = epilogue(left · right)` on matrix units: left `[rows, inner]` float16 or float32, right `[columns, inner]` float16, out
 * `[rows, columns]`, sums in float32. The inner axis is a multiple of 8, the columns of 4.
 *
 * `inner` of the inner axis at a time, both sides are staged in workgroup memory as halves, eight to a word of 16 bytes, while the next ones are
 * on their way from memory; each subgroup multiplies its block's matrices and keeps the sums in its registers. At the end they go through workgroup memory, a row of
 * matrices at a time, to where each invocation has four columns of a row.
 * Rows and columns past the last are read as the last one and not written; what lies past the inner axis is staged as zeros.
 *
 * Grid: x over columns, y over rows, z over the parts of the inner axis. After the warp tiles of "CUTLASS: Fast Linear Algebra in CUDA C++".
 */
export function matrixKernelCode(tiling: MatrixTiling, form: ProductForm): string {
  const { shape, lanes, rows, columns, inner, subgroupRows, subgroupColumns } = tiling;
  const matrices = matrixPrimitives({ form: tiling.form, shapes: [shape], lanes }, shape, ["left_tile", "right_tile"]);
  const across = columns / subgroupColumns;
  const subgroups = (rows / subgroupRows) * across;
  const threads = subgroups * lanes;
  const { staged, sums: sumStride } = matrixStrides(tiling);
  const eights = inner / 8;
  const leftReads = upTo((rows * eights) / threads);
  const rightReads = upTo((columns * eights) / threads);
  const matrixRows = upTo(subgroupRows / shape.rows);
  const matrixColumns = upTo(subgroupColumns / shape.columns);
  const sum = (row: number, column: number): string => `sum_${row}_${column}`;
  const halves = form.leftStorage === "float16";
  const stripSize = shape.rows * sumStride;

  const read = (side: "left" | "right", item: number): string => {
    const at = `${side}_from_${item} + first / 8u`;
    const value =
      side === "left" && !halves ? `vec4<u32>(pack_halves(left[2u * (${at})]), pack_halves(left[2u * (${at}) + 1u]))` : `${side}[${at}]`;
    return form.innerByTiles
      ? `${side}_${item} = ${value};`
      : `${side}_${item} = vec4<u32>(); if (first + ${side}_inner_${item} < end) { ${side}_${item} = ${value}; }`;
  };
  const reads = [...leftReads.map((item) => read("left", item)), ...rightReads.map((item) => read("right", item))].join("\n    ");
  const places = (side: "left" | "right", item: number): string => {
    const limit = side === "left" ? "uniforms.rows" : "uniforms.columns";
    return `let ${side}_row_${item} = (lane + ${item * threads}u) / ${eights}u;
  let ${side}_inner_${item} = (lane + ${item * threads}u) % ${eights}u * 8u;
  let ${side}_from_${item} = (min(tile_${side === "left" ? "row" : "column"} + ${side}_row_${item}, ${limit} - 1u) * uniforms.inner + ${side}_inner_${item}) / 8u;
  let ${side}_to_${item} = (${side}_row_${item} * ${staged}u + ${side}_inner_${item}) / 8u;
  var ${side}_${item}: vec4<u32>;`;
  };
  return `${matrices.directives}
struct Uniforms {
  rows: u32, columns: u32, inner: u32, steps: u32, first_row: u32, first_column: u32, out_column: u32, out_stride: u32,
  ${form.partial ? "part_steps: u32," : ""}
}
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
${[
  ["left", "read", halves ? "vec4<u32>" : "vec4<f32>"],
  ["right", "read", "vec4<u32>"],
  ...(form.bias ? [["bias", "read", "vec4<f32>"]] : []),
  ...(form.addend ? [["addend", "read", foursType(form.addendStorage)]] : []),
  ["out", "read_write", foursType(form.outStorage)],
]
  .map(([name, access, type], index) => `@group(0) @binding(${index + 1}) var<storage, ${access}> ${name}: array<${type}>;`)
  .join("\n")}
var<workgroup> left_tile: array<vec4<u32>, ${(rows * staged) / 8}>;
var<workgroup> right_tile: array<vec4<u32>, ${(columns * staged) / 8}>;
var<workgroup> sums: array<f32, ${subgroups * stripSize}>;
${form.partial ? "var<private> part: u32;" : ""}
${halvesCode(form.leftStorage, form.outStorage, form.addend ? form.addendStorage : "float32", halves ? "float32" : "float16")}
${matrices.declarations([
  { name: "left_tile", element: "f16" },
  { name: "right_tile", element: "f16" },
  { name: "sums", element: "f32" },
])}
${writeCode(form)}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  ${matrices.enter("lane")}
  ${form.partial ? "part = workgroup.z;" : ""}
  let tile_row = uniforms.first_row + workgroup.y * ${rows}u;
  let tile_column = uniforms.first_column + workgroup.x * ${columns}u;
  let subgroup = lane / ${lanes}u;
  let block_row = subgroup / ${across}u * ${subgroupRows}u;
  let block_column = subgroup % ${across}u * ${subgroupColumns}u;
  ${leftReads.map((item) => places("left", item)).join("\n  ")}
  ${rightReads.map((item) => places("right", item)).join("\n  ")}
  ${matrixRows.flatMap((row) => matrixColumns.map((column) => `var ${sum(row, column)} = ${matrices.zero};`)).join("\n  ")}
  let begin = ${form.partial ? "workgroup.z * uniforms.part_steps * 4u" : "0u"};
  let end = ${form.partial ? "min(uniforms.inner, begin + uniforms.part_steps * 4u)" : "uniforms.inner"};
  if (begin < end) {
    let first = begin;
    ${reads}
  }
  for (var staged = begin; staged < end; staged += ${inner}u) {
    ${leftReads.map((item) => `left_tile[left_to_${item}] = left_${item};`).join("\n    ")}
    ${rightReads.map((item) => `right_tile[right_to_${item}] = right_${item};`).join("\n    ")}
    workgroupBarrier();
    let first = staged + ${inner}u;
    if (first < end) {
    ${reads}
    }
    ${upTo(inner / shape.inner)
      .map(
        (k) => `{
      ${matrixRows.map((row) => `let left_matrix_${row} = ${matrices.loadLeft("left_tile", `(block_row + ${row * shape.rows}u) * ${staged}u + ${k * shape.inner}u`, `${staged}u`)};`).join("\n      ")}
      ${matrixColumns.map((column) => `let right_matrix_${column} = ${matrices.loadRight("right_tile", `(block_column + ${column * shape.columns}u) * ${staged}u + ${k * shape.inner}u`, `${staged}u`, "columns")};`).join("\n      ")}
      ${matrixRows
        .flatMap((row) =>
          matrixColumns.map(
            (column) => `${sum(row, column)} = ${matrices.multiplyAdd(`left_matrix_${row}`, `right_matrix_${column}`, sum(row, column))};`,
          ),
        )
        .join("\n      ")}
    }`,
      )
      .join("\n    ")}
    workgroupBarrier();
  }
  ${matrixRows
    .map(
      (
        row,
      ) => `${matrixColumns.map((column) => matrices.store("sums", `subgroup * ${stripSize}u + ${column * shape.columns}u`, `${sumStride}u`, sum(row, column))).join("\n  ")}
  workgroupBarrier();
  write_strip(tile_row + block_row + ${row * shape.rows}u, tile_column + block_column, subgroup * ${stripSize}u, lane % ${lanes}u);
  ${row + 1 < matrixRows.length ? "workgroupBarrier();" : ""}`,
    )
    .join("\n  ")}
}
fn write_strip(first_row: u32, first_column: u32, start: u32, lane: u32) {
  for (var item = lane; item < ${(shape.rows * subgroupColumns) / 4}u; item += ${lanes}u) {
    let row = item / ${subgroupColumns / 4}u;
    let column = item % ${subgroupColumns / 4}u * 4u;
    let at = start + row * ${sumStride}u + column;
    write(first_row + row, first_column + column, vec4<f32>(sums[at], sums[at + 1u], sums[at + 2u], sums[at + 3u]));
  }
}`;
}
