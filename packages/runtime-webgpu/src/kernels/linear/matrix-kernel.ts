import { entryPoint } from "../parts/bindings.ts";
import { matrixPrimitives } from "../matrix/index.ts";
import { halvesCode, unpackFours } from "../parts/float-storage.ts";
import { lines, upTo } from "../parts/lines.ts";
import { productBuffers, productUniforms, writeCode, type ProductForm } from "./product-code.ts";
import { matrixStrides, type MatrixTiling } from "./tiling.ts";

/**
 * `out = epilogue(left · right)` on matrix units: left `[rows, inner]` float16 or float32, right `[columns, inner]` float16, out
 * `[rows, columns]`, sums in float32. The inner axis is a multiple of 8, the columns of 4.
 *
 * `inner` of the inner axis at a time, both sides are staged in workgroup memory as halves, eight to a word of 16 bytes, while the next ones are
 * on their way from memory; each subgroup multiplies its block's matrices and keeps the sums in its registers. At the end they go through workgroup
 * memory, a row of matrices at a time, to where each invocation has four columns of a row; all that it needs of a residual is on its way by then.
 * Rows and columns past the last are read as the last one and not written; what lies past the inner axis is staged as zeros.
 *
 * Workgroup memory is cut into blocks, of the rows (or columns) of a subgroup, so that matrices lie at constant places of them.
 *
 * Grid: x over columns, y over rows, z over the parts of the inner axis. After the warp tiles of "CUTLASS: Fast Linear Algebra in CUDA C++".
 */
export function matrixKernelCode(tiling: MatrixTiling, form: ProductForm): string {
  const { shape, lanes, rows, columns, inner, subgroupRows, subgroupColumns, sumColumns } = tiling;
  const matrices = matrixPrimitives(tiling, shape, ["left_tile", "right_tile", "sums"]);
  const across = columns / subgroupColumns;
  const down = rows / subgroupRows;
  const threads = across * down * lanes;
  const { staged: stride, sums: sumStride } = matrixStrides(tiling);
  const eights = inner / 8;
  const leftReads = upTo((rows * eights) / threads);
  const rightReads = upTo((columns * eights) / threads);
  const matrixRows = upTo(subgroupRows / shape.rows);
  const matrixColumns = upTo(subgroupColumns / shape.columns);
  const sum = (row: number, column: number): string => `sum_${row}_${column}`;
  const halves = form.leftStorage === "float16";
  /** Before the bias: a function would come in between. */
  const addsEarly = form.addend && form.activation === undefined;

  const each = (write: (side: "left" | "right", item: number) => string): string =>
    [...leftReads.map((item) => write("left", item)), ...rightReads.map((item) => write("right", item))].join("\n");
  const reads = each((side, item) => {
    const at = `${side}_from_${item} + first / 8u`;
    const value =
      side === "left" && !halves ? `vec4<u32>(pack_halves(left[2u * (${at})]), pack_halves(left[2u * (${at}) + 1u]))` : `${side}[${at}]`;
    return form.innerByTiles
      ? `${side}_${item} = ${value};`
      : `${side}_${item} = vec4<u32>(); if (first + ${side}_inner_${item} < end) { ${side}_${item} = ${value}; }`;
  });
  const places = each((side, item) => {
    const [limit, blockRows] = side === "left" ? ["uniforms.rows", subgroupRows] : ["uniforms.columns", subgroupColumns];
    const [at, row] = [`(lane + ${item * threads}u)`, `${side}_row_${item}`];
    return `let ${row} = ${at} / ${eights}u;
  let ${side}_inner_${item} = ${at} % ${eights}u * 8u;
  let ${side}_from_${item} = (min(tile_${side === "left" ? "row" : "column"} + ${row}, ${limit} - 1u) * uniforms.inner + ${side}_inner_${item}) / 8u;
  let ${side}_block_${item} = ${row} / ${blockRows}u;
  let ${side}_to_${item} = (${row} % ${blockRows}u * ${stride}u + ${side}_inner_${item}) / 8u;
  var ${side}_${item}: vec4<u32>;`;
  });
  const multiply = lines(upTo(inner / shape.inner), (k) => {
    const at = (first: number): string => `${first * stride + k * shape.inner}u`;
    const lefts = matrixRows.map(
      (row) => `let left_matrix_${row} = ${matrices.loadLeft("left_tile[left_block]", at(row * shape.rows), `${stride}u`)};`,
    );
    const rights = matrixColumns.map(
      (column) =>
        `let right_matrix_${column} = ${matrices.loadRight("right_tile[right_block]", at(column * shape.columns), `${stride}u`, "columns")};`,
    );
    const products = matrixRows.flatMap((row) =>
      matrixColumns.map(
        (column) => `${sum(row, column)} = ${matrices.multiplyAdd(`left_matrix_${row}`, `right_matrix_${column}`, sum(row, column))};`,
      ),
    );
    return `{
      ${[...lefts, ...rights, ...products].join("\n")}
    }`;
  });

  const fours = sumColumns / 4;
  const stripItems = shape.rows * fours;
  const items = upTo(Math.ceil(stripItems / lanes));
  const strips = matrixRows.flatMap((row) => upTo(subgroupColumns / sumColumns).map((part) => ({ row, part })));
  const itemOf = (item: number): string => `(lane % ${lanes}u + ${item * lanes}u)`;
  const placeOf = ({ row, part }: (typeof strips)[number], item: number): readonly [row: string, column: string] => [
    `first_row + ${row * shape.rows}u + ${itemOf(item)} / ${fours}u`,
    `first_column + ${part * sumColumns}u + ${itemOf(item)} % ${fours}u * 4u`,
  ];
  const addends = strips.flatMap((strip, index) =>
    items.map((item) => {
      const [row, column] = placeOf(strip, item);
      return `let addend_${index}_${item} = addend[(min(${row}, uniforms.rows - 1u) * uniforms.out_stride + uniforms.out_column + min(${column}, uniforms.columns - 4u)) >> 2u];`;
    }),
  );
  const writeStrip = (strip: (typeof strips)[number], index: number): string =>
    lines(items, (item) => {
      const [row, column] = placeOf(strip, item);
      const stored = `sums[subgroup][${itemOf(item)} / ${fours}u * ${sumStride / 4}u + ${itemOf(item)} % ${fours}u]`;
      const value = addsEarly ? `${stored} + ${unpackFours(form.addendStorage, `addend_${index}_${item}`)}` : stored;
      const written = `write(${row}, ${column}, ${value});`;
      return (item + 1) * lanes <= stripItems ? written : `if (${itemOf(item)} < ${stripItems}u) { ${written} }`;
    });
  const strip = (one: (typeof strips)[number], index: number): string => {
    const [first, count] = [(one.part * sumColumns) / shape.columns, sumColumns / shape.columns];
    const stores = upTo(count).map((column) =>
      matrices.store("sums[subgroup]", `${column * shape.columns}u`, `${sumStride}u`, sum(one.row, first + column)),
    );
    return `${stores.join("\n")}
  workgroupBarrier();
  ${writeStrip(one, index)}
  ${index + 1 < strips.length ? "workgroupBarrier();" : ""}`;
  };
  /** Vectors in a block. */
  const [leftSize, rightSize, sumSize] = [(subgroupRows * stride) / 8, (subgroupColumns * stride) / 8, (shape.rows * sumStride) / 4];
  return `${matrices.directives}
${productUniforms(form)}
${productBuffers(form, { left: halves ? "vec4<u32>" : "vec4<f32>", right: "vec4<u32>" })}
var<workgroup> left_tile: array<array<vec4<u32>, ${leftSize}>, ${down}>;
var<workgroup> right_tile: array<array<vec4<u32>, ${rightSize}>, ${across}>;
var<workgroup> sums: array<array<vec4<f32>, ${sumSize}>, ${across * down}>;
${form.partial ? "var<private> part: u32;" : ""}
${halvesCode(form.leftStorage, form.outStorage, form.addend ? form.addendStorage : "float32", halves ? "float32" : "float16")}
${matrices.declarations([
  { name: "left_tile", element: "f16", block: 8 * leftSize },
  { name: "right_tile", element: "f16", block: 8 * rightSize },
  { name: "sums", element: "f32", block: 4 * sumSize },
])}
${writeCode({ ...form, addend: form.addend && !addsEarly })}
${entryPoint(threads, "workgroup")}
  ${matrices.enter("lane")}
  ${form.partial ? "part = workgroup.z;" : ""}
  let tile_row = uniforms.first_row + workgroup.y * ${rows}u;
  let tile_column = uniforms.first_column + workgroup.x * ${columns}u;
  let subgroup = lane / ${lanes}u;
  let left_block = subgroup / ${across}u;
  let right_block = subgroup % ${across}u;
  ${places}
  ${lines(matrixRows, (row) => matrixColumns.map((column) => `var ${sum(row, column)} = ${matrices.zero};`))}
  let begin = ${form.partial ? "workgroup.z * uniforms.part_steps * 4u" : "0u"};
  let end = ${form.partial ? "min(uniforms.inner, begin + uniforms.part_steps * 4u)" : "uniforms.inner"};
  if (begin < end) {
    let first = begin;
    ${reads}
  }
  for (var staged = begin; staged < end; staged += ${inner}u) {
    ${each((side, item) => `${side}_tile[${side}_block_${item}][${side}_to_${item}] = ${side}_${item};`)}
    workgroupBarrier();
    let first = staged + ${inner}u;
    if (first < end) {
    ${reads}
    }
    ${multiply}
    workgroupBarrier();
  }
  let first_row = tile_row + left_block * ${subgroupRows}u;
  let first_column = tile_column + right_block * ${subgroupColumns}u;
  ${addsEarly ? addends.join("\n") : ""}
  ${lines(strips, strip)}
}`;
}
