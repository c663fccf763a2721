// `global-scores.ts` on matrix units: the same formula, shapes and grid. Operands are float16, the folded queries in memory, too; sums are float32.
import type { MatrixUnits } from "../../kernel/device-facts.ts";
import { entryPoint } from "../parts/bindings.ts";
import { lines, upTo } from "../parts/lines.ts";
import { declareGlobalScores, enterGlobalScores } from "./global-scores.ts";
import { tileColumns, type MatrixGlobalTiling } from "./global-tiling.ts";
import { matrixTile } from "./matrix-tile.ts";
import { softmaxConstants } from "./softmax-step.ts";
import { halvesReader, type RowForm } from "./vectors.ts";

/** How hidden states and folded queries lie in memory, both float16. */
export function matrixScoresKernelCode(
  tiling: MatrixGlobalTiling,
  { hidden, folded }: Readonly<Record<"hidden" | "folded", RowForm>>,
  units: MatrixUnits,
): string {
  const { rows } = tiling;
  const tile = matrixTile(tiling, units, "columns");
  const fours = tileColumns / 4;
  const readAll = (first: string): string =>
    `let vector = ${first} + ${tile.eight} * 2u;
    ${lines(tile.leftReads, (read) => `left${read} = read_folded(leftStart${read}, vector);`)}
    ${lines(tile.rightReads, (read) => `right${read} = read_hidden(rightStart${read}, vector);`)}`;
  return `${tile.directives}
${declareGlobalScores(hidden, folded)}
${halvesReader("folded_halves", "folded", folded, "folded_vector")}
${halvesReader("hidden_halves", "hidden", hidden, "hidden_vector")}
${softmaxConstants}
${tile.declarations}
var<workgroup> shares: array<f32, ${rows * fours}>;

fn folded_four(start: u32, vector: u32) -> vec2<u32> {
  if (vector >= sizes.vectors) { return vec2<u32>(); }
  return bitcast<vec2<u32>>(folded_halves(start, vector));
}
fn hidden_four(start: u32, vector: u32) -> vec2<u32> {
  if (vector >= sizes.vectors) { return vec2<u32>(); }
  return bitcast<vec2<u32>>(hidden_halves(start, vector));
}
fn read_folded(start: u32, vector: u32) -> vec4<u32> { return vec4<u32>(folded_four(start, vector), folded_four(start, vector + 1u)); }
fn read_hidden(start: u32, vector: u32) -> vec4<u32> { return vec4<u32>(hidden_four(start, vector), hidden_four(start, vector + 1u)); }
fn seen(codesStart: u32, key: u32) -> bool { return key < sizes.sequence && codes[codesStart + key] != 0; }

${entryPoint(tile.invocations)}
  ${enterGlobalScores(rows)}
  ${tile.enter}
  ${lines(tile.leftReads, (read) => `let leftStart${read} = (item * sizes.rows + min(firstRow + ${tile.slot(read)}, rowsHere - 1u)) * sizes.hidden; var left${read} = vec4<u32>();`)}
  ${lines(tile.rightReads, (read) => `let rightStart${read} = (item * sizes.sequence + min(firstKey + ${tile.slot(read)}, sizes.sequence - 1u)) * sizes.hidden; var right${read} = vec4<u32>();`)}
  {
    ${readAll("0u")}
  }
  for (var first = 0u; first < sizes.vectors; first += ${fours}u) {
    workgroupBarrier();
    ${lines(tile.leftReads, (read) => tile.stageLeft(read, `left${read}`))}
    ${lines(tile.rightReads, (read) => tile.stageRight(read, `right${read}`))}
    workgroupBarrier();
    ${readAll(`first + ${fours}u`)}
    ${tile.multiply}
  }
  let codesStart = batchItem * sizes.sequence;
  ${tile.takeSums(`let key = firstKey + four * 4u;
    let visible = vec4<bool>(${upTo(4)
      .map((one) => `seen(codesStart, key + ${one}u)`)
      .join(", ")});
    let found = select(vec4<f32>(unseen), value * sizes.scale, visible);
    shares[tile_row * ${fours}u + four] = max(max(found.x, found.y), max(found.z, found.w));
    if (firstRow + tile_row < rowsHere) { scores[((item * sizes.rows + firstRow + tile_row) * sizes.keyTiles * ${tileColumns}u + key) / 4u] = found; }`)}
  workgroupBarrier();
  for (var tile_row = lane; tile_row < ${rows}u; tile_row += ${tile.invocations}u) {
    if (firstRow + tile_row < rowsHere) {
      var top = unseen;
      for (var four = 0u; four < min(${fours}u, sizes.rows * ${fours}u); four++) { top = max(top, shares[tile_row * ${fours}u + four]); }
      tops[(item * sizes.rows + firstRow + tile_row) * sizes.keyTiles + group.x] = top;
    }
  }
}`;
}
