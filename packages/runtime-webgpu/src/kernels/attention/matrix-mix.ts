// `global-mix.ts` on matrix units: the same formula, shapes and grid. Operands are float16, sums float32.
import type { MatrixUnits } from "../../kernel/device-facts.ts";
import { entryPoint } from "../parts/bindings.ts";
import { lines } from "../parts/lines.ts";
import { declareGlobalMix, enterGlobalMix } from "./global-mix.ts";
import { tileColumns, type MatrixGlobalTiling } from "./global-tiling.ts";
import { matrixTile } from "./matrix-tile.ts";
import { softmaxConstants } from "./softmax-step.ts";
import { halvesReader, type RowForm, vectorWriter } from "./vectors.ts";

export function matrixMixKernelCode(tiling: MatrixGlobalTiling, hidden: RowForm, units: MatrixUnits): string {
  const { rows } = tiling;
  const tile = matrixTile(tiling, units, "rows");
  const floats: RowForm = { storage: "float32", aligned: hidden.aligned };
  const fours = tileColumns / 4;
  const eights = tileColumns / 8;
  const readAll = (key: string): string =>
    [
      ...tile.leftReads.flatMap((read) =>
        [0, 1].map(
          (one) => `left${read}_${one} = scores[leftStart${read} + min(${key}, lastKey) / ${tileColumns}u * ${fours}u + ${one}u];`,
        ),
      ),
      ...tile.rightReads.map((read) => `right${read} = read_hidden(item, ${key} + ${tile.slot(read)}, rightVector);`),
    ].join("\n");
  return `${tile.directives}
${declareGlobalMix(hidden, floats)}
${halvesReader("hidden_halves", "hidden", hidden, "hidden_vector")}
${vectorWriter("write_partial", "partials", floats, "sizes.hidden")}
${softmaxConstants}
${tile.declarations}
var<workgroup> row_tops: array<f32, ${rows}>;
var<workgroup> shares: array<f32, ${rows * eights}>;

fn hidden_four(start: u32, vector: u32) -> vec2<u32> {
  if (vector >= sizes.vectors) { return vec2<u32>(); }
  return bitcast<vec2<u32>>(hidden_halves(start, vector));
}
fn read_hidden(item: u32, key: u32, vector: u32) -> vec4<u32> {
  let start = (item * sizes.sequence + min(key, sizes.sequence - 1u)) * sizes.hidden;
  return vec4<u32>(hidden_four(start, vector), hidden_four(start, vector + 1u));
}

${entryPoint(tile.invocations)}
  ${enterGlobalMix(rows)}
  ${tile.enter}
  let firstTile = split * sizes.splitTiles;
  let endTile = min(firstTile + sizes.splitTiles, (length + ${tileColumns - 1}u) / ${tileColumns}u);
  let endKey = endTile * ${tileColumns}u;
  let lastKey = max(endKey, 1u) - 1u;
  for (var row = lane; row < ${rows}u; row += ${tile.invocations}u) {
    var top = lowestTop;
    let start = (item * sizes.rows + min(firstRow + row, rowsHere - 1u)) * sizes.keyTiles;
    for (var one = firstTile; one < endTile; one++) { top = max(top, tops[start + one]); }
    row_tops[row] = top;
  }
  workgroupBarrier();
  let rightVector = group.x * ${fours}u + ${tile.eight} * 2u;
  ${lines(tile.leftReads, (read) => `let top${read} = row_tops[${tile.slot(read)}]; let leftStart${read} = (item * sizes.rows + min(firstRow + ${tile.slot(read)}, rowsHere - 1u)) * sizes.keyTiles * ${fours}u + ${tile.eight} * 2u; var left${read}_0 = vec4<f32>(); var left${read}_1 = vec4<f32>(); var share${read} = 0.0;`)}
  ${tile.rightReads.map((read) => `var right${read} = vec4<u32>();`).join(" ")}
  let firstKey = firstTile * ${tileColumns}u;
  if (firstKey < endKey) {
    ${readAll("firstKey")}
  }
  for (var key = firstKey; key < endKey; key += ${tileColumns}u) {
    workgroupBarrier();
    ${lines(
      tile.leftReads,
      (read) => `{
      let first = vec4<f16>(exp(left${read}_0 - top${read}));
      let second = vec4<f16>(exp(left${read}_1 - top${read}));
      share${read} += dot(vec4<f32>(first) + vec4<f32>(second), vec4<f32>(1.0));
      ${tile.stageLeft(read, "vec4<u32>(bitcast<vec2<u32>>(first), bitcast<vec2<u32>>(second))")}
    }`,
    )}
    ${lines(tile.rightReads, (read) => tile.stageRight(read, `right${read}`))}
    workgroupBarrier();
    ${readAll(`key + ${tileColumns}u`)}
    ${tile.multiply}
  }
  ${tile.leftReads.map((read) => `shares[${tile.slot(read)} * ${eights}u + ${tile.eight}] = share${read};`).join(" ")}
  let firstOfSplit = (item * sizes.splits + split) * sizes.rows + firstRow;
  ${tile.takeSums(`if (firstRow + tile_row < rowsHere && group.x * ${fours}u + four < sizes.vectors) { write_partial((firstOfSplit + tile_row) * sizes.hidden, group.x * ${fours}u + four, value); }`)}
  if (group.x != 0u) { return; }
  for (var row = lane; row < ${rows}u; row += ${tile.invocations}u) {
    if (firstRow + row < rowsHere) {
      var sum = 0.0;
      for (var eight = 0u; eight < min(${eights}u, sizes.rows * ${eights}u); eight++) { sum += shares[row * ${eights}u + eight]; }
      statistics[firstOfSplit + row] = vec2<f32>(row_tops[row], sum);
    }
  }
}`;
}
