import type { MatrixUnits } from "../../kernel/device-facts.ts";
import { matrixPrimitives } from "../matrix/index.ts";
import { lines, upTo } from "../parts/lines.ts";
import { matrixStrides, tileColumns, type MatrixGlobalTiling } from "./global-tiling.ts";

/**
 * WGSL of a tile of a matrix product on matrix units, `[rows, 64 of the inner axis] · [64 of the inner axis, 64 columns]` at a time: both sides are
 * staged in workgroup memory as halves, by eights; the next ones are read while these are multiplied. Sums stay in the registers of the subgroups.
 */
export interface MatrixTile {
  readonly directives: string;
  /** At module scope: `left_tile`, `right_tile`, `sums`. */
  readonly declarations: string;
  readonly invocations: number;
  /** At the start of the entry point. */
  readonly enter: string;
  /** Eights that an invocation stages of each side, and WGSL: the row of the staged side, and the eight within the row, of each of them. */
  readonly leftReads: readonly number[];
  readonly rightReads: readonly number[];
  slot(read: number): string;
  readonly eight: string;
  /** Statements: eight halves (`vec4<u32>`) to their places. */
  stageLeft(read: number, halves: string): string;
  stageRight(read: number, halves: string): string;
  /** Statements: adds the product of what is staged to the sums. */
  readonly multiply: string;
  /**
   * Statements that bring the sums to where an invocation has four columns of a row, and do `statements` with each: `tile_row`, `four` (of 16), and
   * `value`, `vec4<f32>`. All invocations of the workgroup come here.
   */
  takeSums(statements: string): string;
}

/** Fours, and eights, of a staged row. */
const fours = tileColumns / 4;
const eights = tileColumns / 8;

/**
 * `rightOrder`: how the right side is staged; `columns`, a row for each column of the product, or `rows`, one for each element of the inner axis.
 * Workgroup memory is cut into blocks, of the rows or columns of a subgroup, so that matrices lie at constant places of them.
 */
export function matrixTile(tiling: MatrixGlobalTiling, units: MatrixUnits, rightOrder: "columns" | "rows"): MatrixTile {
  const { shape, rows, subgroupRows, subgroupColumns } = tiling;
  const { staged: stride, right: rightStride, sums: sumStride } = matrixStrides(tiling, rightOrder);
  const { lanes } = units;
  const matrices = matrixPrimitives(units, shape, ["left_tile", "right_tile", "sums"]);
  const across = tileColumns / subgroupColumns;
  const down = rows / subgroupRows;
  const invocations = across * down * lanes;
  const matrixRows = upTo(subgroupRows / shape.rows);
  const matrixColumns = upTo(subgroupColumns / shape.columns);
  const slot = (read: number): string => `(lane + ${read * invocations}u) / ${eights}u`;
  const eight = `lane % ${eights}u`;
  const ownEights = subgroupColumns / 8;
  const rightPlace = (read: number): string =>
    rightOrder === "columns"
      ? `[${slot(read)} / ${subgroupColumns}u][${slot(read)} % ${subgroupColumns}u * ${rightStride / 8}u + ${eight}]`
      : `[${eight} / ${ownEights}u][${slot(read)} * ${rightStride / 8}u + ${eight} % ${ownEights}u]`;
  const rightAt = (column: number, inner: number): number =>
    rightOrder === "columns"
      ? column * shape.columns * rightStride + inner * shape.inner
      : inner * shape.inner * rightStride + column * shape.columns;
  const [leftBlock, rightBlock, sumBlock] = [
    subgroupRows * stride,
    (rightOrder === "columns" ? subgroupColumns : tileColumns) * rightStride,
    shape.rows * sumStride,
  ];
  return {
    directives: matrices.directives,
    declarations: `
var<workgroup> left_tile: array<array<vec4<u32>, ${leftBlock / 8}>, ${down}>;
var<workgroup> right_tile: array<array<vec4<u32>, ${rightBlock / 8}>, ${across}>;
var<workgroup> sums: array<array<vec4<f32>, ${sumBlock / 4}>, ${down * across}>;
${matrices.declarations([
  { name: "left_tile", element: "f16", block: leftBlock },
  { name: "right_tile", element: "f16", block: rightBlock },
  { name: "sums", element: "f32", block: sumBlock },
])}`,
    invocations,
    enter: `${matrices.enter("lane")}
  let subgroup = lane / ${lanes}u;
  let block_down = subgroup / ${across}u;
  let block_across = subgroup % ${across}u;
  ${matrixRows.flatMap((row) => matrixColumns.map((column) => `var sum_${row}_${column} = ${matrices.zero};`)).join(" ")}`,
    leftReads: upTo((rows * eights) / invocations),
    rightReads: upTo((tileColumns * eights) / invocations),
    slot,
    eight,
    stageLeft: (read, halves) =>
      `left_tile[${slot(read)} / ${subgroupRows}u][${slot(read)} % ${subgroupRows}u * ${stride / 8}u + ${eight}] = ${halves};`,
    stageRight: (read, halves) => `right_tile${rightPlace(read)} = ${halves};`,
    multiply: lines(
      upTo(tileColumns / shape.inner),
      (inner) => `{
      ${lines(matrixRows, (row) => `let left_${row} = ${matrices.loadLeft("left_tile[block_down]", `${row * shape.rows * stride + inner * shape.inner}u`, `${stride}u`)};`)}
      ${lines(
        matrixColumns,
        (column) =>
          `{ let right = ${matrices.loadRight("right_tile[block_across]", `${rightAt(column, inner)}u`, `${rightStride}u`, rightOrder)}; ${matrixRows
            .map((row) => `sum_${row}_${column} = ${matrices.multiplyAdd(`left_${row}`, "right", `sum_${row}_${column}`)};`)
            .join(" ")} }`,
      )}
    }`,
    ),
    takeSums: (statements) =>
      lines(
        matrixRows,
        (row) => `workgroupBarrier();
  ${lines(matrixColumns, (column) => matrices.store("sums[subgroup]", `${column * shape.columns}u`, `${sumStride}u`, `sum_${row}_${column}`))}
  workgroupBarrier();
  for (var place = lane; place < ${down * shape.rows * fours}u; place += ${invocations}u) {
    let strip_row = place / ${fours}u;
    let four = place % ${fours}u;
    let tile_row = strip_row / ${shape.rows}u * ${subgroupRows}u + ${row * shape.rows}u + strip_row % ${shape.rows}u;
    let value = sums[strip_row / ${shape.rows}u * ${across}u + four / ${subgroupColumns / 4}u][strip_row % ${shape.rows}u * ${sumStride / 4}u + four % ${subgroupColumns / 4}u];
    ${statements}
  }`,
      ),
  };
}
