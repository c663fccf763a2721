// Attention of a task's rows on matrix units:
//
//     output[row] = Σ_j softmax_j(scale · query[row] · key[j]) · value[j]
//
// Shapes: those of the task's buffers; a head's vectors lie in the last axis. Operands are float16, scores, softmax and sums float32.
// A workgroup stages its queries once, then a tile of keys and values at a time. A subgroup multiplies its rows with the tile's keys; the scores
// pass through workgroup memory, where each invocation has columns of one row, and come back as probabilities, which are multiplied with
// the tile's values; those sums stay in the subgroup's registers. Probabilities are relative to a row's `top`, which follows its highest score
// only when that has risen by more than `slack`: until then they fit float16 all the same, and sums need not be scaled, for which they would have to
// go through memory. Scores are scaled in float32, so that queries stay as they are.
// Grid: [⌈rows of the task / rows of a workgroup⌉ (and splits of the keys), heads, batch].
// Source: FlashAttention (Dao et al., arXiv 2205.14135); sums that are scaled late as in FlashAttention-4; the arrangement is our own.
import type { MatrixUnits } from "../../kernel/device-facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { matrixPrimitives } from "../matrix/index.ts";
import { upTo } from "../parts/up-to.ts";
import type { AttentionTask } from "./attention-task.ts";
import { matrixMemory, type MatrixAttentionTiling } from "./matrix-attention-tiling.ts";
import { matrixKeyTile } from "./matrix-key-tile.ts";
import { softmaxConstants } from "./softmax-step.ts";

/** How much higher than its `top` a row's scores may be: e⁸ is far from float16's largest number. */
const slack = 8;

export function matrixAttentionKernel(task: AttentionTask, tiling: MatrixAttentionTiling, units: MatrixUnits): Kernel {
  const { shape, subgroups, rowTiles, keys, readsAhead } = tiling;
  const { lanes } = units;
  const { rows, depth, stride, probabilityStride, scoreStride, perRow } = matrixMemory(tiling, lanes, task.length);
  const matrices = matrixPrimitives(units, shape, ["query_tile", "key_tile", "value_tile"]);
  const invocations = subgroups * lanes;
  const subgroupRows = rowTiles * shape.rows;
  const vectors = Math.ceil(task.length / 4);
  const padded = depth / 4;
  const columns = keys / perRow;
  const rowMatrices = upTo(rowTiles);
  const innerMatrices = upTo(depth / shape.inner);
  const outMatrices = upTo(depth / shape.columns);
  const ownColumns = upTo(columns);
  /** Columns of the sums that fit the scores' memory at once, as matrices. */
  const chunks = upTo(Math.ceil(depth / keys)).map((chunk) =>
    outMatrices.filter((one) => Math.floor((one * shape.columns) / keys) === chunk),
  );
  const rowOf = (tile: number): string => `(subgroup * ${subgroupRows}u + ${tile * shape.rows}u)`;
  const keyTile = matrixKeyTile({ rows, keys, length: task.length, depth, stride, invocations, readsAhead });
  const storeChunk = (chunk: readonly number[]): string =>
    rowMatrices
      .flatMap((tile) =>
        chunk.map((one) =>
          matrices.store(
            "scores",
            `${rowOf(tile)} * ${scoreStride}u + ${(one * shape.columns) % keys}u`,
            `${scoreStride}u`,
            `out_${tile}_${one}`,
          ),
        ),
      )
      .join("\n      ");
  const ofRow = (values: string, join: (left: string, right: string) => string): string =>
    upTo(perRow)
      .map((one) => `${values}[own_row * ${perRow}u + ${one}u]`)
      .reduce(join);
  return {
    name: `${task.name}-${tiling.name}`,
    access: task.access,
    narrows: task.narrowsQueries,
    code: `${matrices.directives}
${task.declarations}
${softmaxConstants}
var<workgroup> query_tile: array<vec4<u32>, ${(rows * stride) / 8}>;
var<workgroup> key_tile: array<vec4<u32>, ${(keys * stride) / 8}>;
var<workgroup> value_tile: array<vec4<u32>, ${(keys * stride) / 8}>;
var<workgroup> probabilities: array<f16, ${rows * probabilityStride}>;
var<workgroup> scores: array<f32, ${rows * scoreStride}>;
var<workgroup> shares: array<f32, ${rows * perRow}>;
var<workgroup> factors: array<f32, ${rows}>;
var<workgroup> low: array<u32, ${keys}>;
var<workgroup> span: array<u32, ${keys}>;
/**
 * The last step whose keys some row does not see, and the last one that scales sums. As long as a vector: matrices are loaded from multiples of 16
 * bytes, and drivers lay variables out without gaps.
 */
var<workgroup> masked_step: vec4<u32>;
var<workgroup> scaled_step: vec4<u32>;
${matrices.declarations([
  { name: "query_tile", element: "f16" },
  { name: "key_tile", element: "f16" },
  { name: "value_tile", element: "f16" },
  { name: "probabilities", element: "f16" },
  { name: "scores", element: "f32" },
])}

fn query_halves(work: Work, row: u32, vector: u32) -> vec4<f16> {
  if (!wanted(work, row) || vector >= ${vectors}u) { return vec4<f16>(); }
  return read_query_halves(query_start(work, row), vector);
}

@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  ${matrices.enter("lane")}
  let work = work_of(group, ${rows}u);
  let subgroup = lane / ${lanes}u;
  let own_row = lane / ${perRow}u;
  let row = work.firstRow + own_row;
  let part = lane % ${perRow}u;
  let score_at = own_row * ${scoreStride}u + part * ${columns}u;
  let probability_at = own_row * ${probabilityStride}u + part * ${columns}u;
  let key_of = part * ${columns}u;
  // Neighbours begin at other columns, and so in other banks.
  let turn = own_row / 8u % 2u + part * 2u;
  for (var item = lane; item < ${(rows * padded) / 2}u; item += ${invocations}u) {
    let first = item % ${padded / 2}u * 2u;
    let query_row = work.firstRow + item / ${padded / 2}u;
    query_tile[${keyTile.placeOf("item")}] = vec4<u32>(bitcast<vec2<u32>>(query_halves(work, query_row, first)), bitcast<vec2<u32>>(query_halves(work, query_row, first + 1u)));
  }
  workgroupBarrier();
  ${rowMatrices.flatMap((tile) => innerMatrices.map((one) => `let query_${tile}_${one} = ${matrices.loadLeft("query_tile", `${rowOf(tile)} * ${stride}u + ${one * shape.inner}u`, `${stride}u`)};`)).join("\n  ")}
  ${rowMatrices.flatMap((tile) => outMatrices.map((one) => `var out_${tile}_${one} = ${matrices.zero};`)).join(" ")}
  var top = lowestTop;
  var sum = 0.0;
  var step = 0u;
  ${keyTile.first}
  for (var place = 0u; place < work.keyCount; place += ${keys}u) {
    step++;
    workgroupBarrier();
    ${keyTile.stage}
    workgroupBarrier();
    ${keyTile.next}
    ${upTo(keys / shape.columns)
      .map(
        (tile) => `{
      ${innerMatrices.map((one) => `let key_${one} = ${matrices.loadRight("key_tile", `${tile * shape.columns * stride + one * shape.inner}u`, `${stride}u`, "columns")};`).join("\n      ")}
      ${rowMatrices
        .map((left) => {
          const sums = innerMatrices
            .map((one) => `sums = ${matrices.multiplyAdd(`query_${left}_${one}`, `key_${one}`, "sums")};`)
            .join(" ");
          return `{ var sums = ${matrices.zero}; ${sums} ${matrices.store("scores", `${rowOf(left)} * ${scoreStride}u + ${tile * shape.columns}u`, `${scoreStride}u`, "sums")} }`;
        })
        .join("\n      ")}
    }`,
      )
      .join("\n    ")}
    workgroupBarrier();
    if (masked_step.x == step) {
      for (var one = 0u; one < min(${columns}u, sizes.vectors * ${columns}u); one++) {
        if (row - low[key_of + one] >= span[key_of + one]) { scores[score_at + one] = unseen; }
      }
    }
    ${ownColumns.map((one) => `let column${one} = (turn + ${one}u) % ${columns}u; let score${one} = scores[score_at + column${one}] * sizes.scale;`).join("\n    ")}
    var highest = ${ownColumns.map((one) => `score${one}`).reduce((left, right) => `max(${left}, ${right})`)};
    ${
      perRow === 1
        ? ""
        : `shares[lane] = highest;
    workgroupBarrier();
    highest = ${ofRow("shares", (left, right) => `max(${left}, ${right})`)};`
    }
    var fade = 1.0;
    if (highest > top + ${slack}.0) {
      fade = exp(top - highest);
      if (top > lowestTop) { scaled_step.x = step; }
      top = highest;
      sum *= fade;
    }
    ${ownColumns.map((one) => `{ let probability = f16(exp(score${one} - top)); sum += f32(probability); probabilities[probability_at + column${one}] = probability; }`).join("\n    ")}
    if (workgroupUniformLoad(&scaled_step).x == step) {
      ${chunks
        .map(
          (chunk) => `workgroupBarrier();
      ${storeChunk(chunk)}
      workgroupBarrier();
      for (var one = 0u; one < min(${columns}u, sizes.vectors * ${columns}u); one++) { scores[score_at + one] *= fade; }
      workgroupBarrier();
      ${rowMatrices.flatMap((tile) => chunk.map((one) => `out_${tile}_${one} = ${matrices.loadSum("scores", `${rowOf(tile)} * ${scoreStride}u + ${(one * shape.columns) % keys}u`, `${scoreStride}u`)};`)).join("\n      ")}`,
        )
        .join("\n      ")}
    }
    ${upTo(keys / shape.inner)
      .map(
        (tile) => `{
      ${rowMatrices.map((left) => `let probability_${left} = ${matrices.loadLeft("probabilities", `${rowOf(left)} * ${probabilityStride}u + ${tile * shape.inner}u`, `${probabilityStride}u`)};`).join("\n      ")}
      ${outMatrices
        .map(
          (one) =>
            `{ let value = ${matrices.loadRight("value_tile", `${tile * shape.inner * stride + one * shape.columns}u`, `${stride}u`)}; ${rowMatrices
              .map((left) => `out_${left}_${one} = ${matrices.multiplyAdd(`probability_${left}`, "value", `out_${left}_${one}`)};`)
              .join(" ")} }`,
        )
        .join("\n      ")}
    }`,
      )
      .join("\n    ")}
  }
  workgroupBarrier();
  shares[lane] = sum;
  workgroupBarrier();
  sum = ${ofRow("shares", (left, right) => `${left} + ${right}`)};
  if (part == 0u) {
    factors[own_row] = 0.0;
    if (written(work, row)) {
      record(work, row, top, sum);
      factors[own_row] = output_factor(work, row, sum);
    }
  }
  ${chunks
    .map((chunk, index) => {
      const first = (index * keys) / 4;
      const width = Math.min(keys / 4, vectors - first);
      return `workgroupBarrier();
  ${storeChunk(chunk)}
  workgroupBarrier();
  for (var item = lane; item < ${rows * width}u; item += ${invocations}u) {
    let tile_row = item / ${width}u;
    let at = tile_row * ${scoreStride}u + item % ${width}u * 4u;
    if (written(work, work.firstRow + tile_row)) {
      let value = vec4<f32>(scores[at], scores[at + 1u], scores[at + 2u], scores[at + 3u]) * factors[tile_row];
      write_output(output_start(work, work.firstRow + tile_row), ${first}u + item % ${width}u, value);
    }
  }`;
    })
    .join("\n  ")}
}`,
  };
}
