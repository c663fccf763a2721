// Attention of a task's rows on matrix units:
//
//     output[row] = Σ_j softmax_j(scale · query[row] · key[j]) · value[j]
//
// Shapes: those of the task's buffers; a head's vectors lie in the last axis. Operands are float16, scores, softmax and sums float32.
// A workgroup stages its queries once, then a tile of keys and values at a time. A subgroup multiplies its rows with the tile's keys; the scores
// pass through workgroup memory, where each invocation has columns of one row, and become probabilities in their own place, which are multiplied with
// the tile's values; those sums stay in the subgroup's registers. Probabilities are relative to a row's `top`, which follows its highest score
// only when that has risen by more than `slack`: until then they fit float16 all the same, and sums need not be scaled, for which they would have to
// go through memory. Scores are scaled in float32, so that queries stay as they are; by log₂ e, too, since GPUs have powers of 2.
// Where a text has few rows, subgroups share them (`keyGroups`): each takes other keys of a tile, and what they find is joined at the end.
// Values may take the memory of the tile's keys (`sharesTile`): they are read with these, and wait in registers until all have multiplied them.
// Workgroup memory is what bounds how many workgroups a core has, and words of 16 bytes are what it is read in fastest.
// Grid: [⌈rows of the task / rows of a workgroup⌉ (and splits of the keys), heads, batch].
// Source: FlashAttention (Dao et al., arXiv 2205.14135); sums that are scaled late as in FlashAttention-4; the arrangement is our own.
import type { MatrixUnits } from "../../kernel/device-facts.ts";
import { entryPoint } from "../parts/bindings.ts";
import { matrixPrimitives } from "../matrix/index.ts";
import { lines, upTo } from "../parts/lines.ts";
import type { AttentionTask } from "./attention-task.ts";
import { readEights } from "./eights.ts";
import { matrixMemory, stagedEights, type MatrixAttentionTiling } from "./matrix-attention-tiling.ts";
import { matrixKeyTile } from "./matrix-key-tile.ts";
import { softmaxConstants } from "./softmax-step.ts";

/** Of a key that a row does not see, before it is scaled by up to log₂ e: then still far below any `top`, and finite. */
const unseenScore = "bitcast<u32>(0.5 * unseen)";

/** How much higher than its `top` a row's scores may be, as a power of 2: 2¹¹ is far from float16's largest number. */
const slack = 11;

export function matrixAttentionKernelCode(task: AttentionTask, tiling: MatrixAttentionTiling, units: MatrixUnits): string {
  const { shape, subgroups, rowTiles, keys, keyGroups, sharesTile } = tiling;
  const { lanes } = units;
  const { rows, depth, stride, scoreStride, perRow, sharesQueries } = matrixMemory(tiling, units, task.length);
  const matrices = matrixPrimitives(units, shape, ["query_tile", "key_tile", "value_tile", "scores"]);
  const invocations = subgroups * lanes;
  const subgroupRows = rowTiles * shape.rows;
  /** Rows of all subgroups: of those that share rows, each has its own scores. */
  const scoreRows = subgroups * subgroupRows;
  /** The scores of a subgroup's rows are a block, so that matrices lie at constant places of it. */
  const ownScores = "scores[subgroup]";
  const scoreBlock = subgroupRows * scoreStride;
  /** So are the keys and values that subgroups share. */
  const ownBlock = keyGroups === 1 ? "0u" : "key_group";
  const ownKeys = `key_tile[${ownBlock}]`;
  const ownValues = sharesTile ? ownKeys : `value_tile[${ownBlock}]`;
  const keyBlock = keys * stride;
  const ofGroups = (value: (group: number) => string, joined: string): string => upTo(keyGroups).map(value).join(joined);
  const vectors = Math.ceil(task.length / 4);
  const queryStride = sharesQueries ? 2 * scoreStride : stride;
  const queryTile = sharesQueries ? ownScores : "query_tile";
  const queryAt = (row: string, eight: string): string =>
    sharesQueries
      ? `scores[${row} / ${subgroupRows}u][${row} % ${subgroupRows}u * ${queryStride / 8}u + ${eight}]`
      : `query_tile[${row} * ${queryStride / 8}u + ${eight}]`;
  const loadQuery = (tile: number, one: number): string => {
    const first = tile * shape.rows * queryStride + one * shape.inner;
    const place = sharesQueries ? `${first}u` : `row_group * ${subgroupRows * queryStride}u + ${first}u`;
    return matrices.loadLeft(queryTile, place, `${queryStride}u`);
  };
  /** Columns of an invocation, in vectors of four scores. */
  const columns = keys / perRow;
  const rowMatrices = upTo(rowTiles);
  const innerMatrices = upTo(depth / shape.inner);
  const outMatrices = upTo(depth / shape.columns);
  const ownFours = upTo(columns / 4);
  /** Columns of the sums that fit the scores' memory at once, as matrices. */
  const chunks = upTo(Math.ceil(depth / keys)).map((chunk) =>
    outMatrices.filter((one) => Math.floor((one * shape.columns) / keys) === chunk),
  );
  /** Where a row of matrices begins, in scores. */
  const rowOf = (tile: number): number => tile * shape.rows * scoreStride;
  const keyTile = matrixKeyTile({
    rows,
    keys,
    keyGroups,
    length: task.length,
    depth,
    stride,
    invocations,
    each: stagedEights(tiling, lanes, depth),
    sharesTile,
  });
  /** Where probabilities of a tile of keys begin, in halves from the row's beginning: at the beginning of the scores that they are of. */
  const probabilityOf = (tile: number): number => {
    const column = tile * shape.inner;
    return Math.floor(column / columns) * columns * 2 + (column % columns);
  };
  const quadOf = (value: string, join: (own: string, other: string) => string): string =>
    [...(perRow > 1 ? ["quadSwapX"] : []), ...(perRow > 2 ? ["quadSwapY"] : [])]
      .map((swap) => `${value} = ${join(value, `${swap}(${value})`)};`)
      .join(" ");
  const storeChunk = (chunk: readonly number[]): string =>
    lines(rowMatrices, (tile) =>
      chunk.map((one) =>
        matrices.store(ownScores, `${rowOf(tile) + ((one * shape.columns) % keys)}u`, `${scoreStride}u`, `out_${tile}_${one}`),
      ),
    );
  /** Sums of one matrix of each subgroup, through the memory of the tile's keys, which nobody needs any more. */
  const scaleSums = (tile: number, one: number): string => {
    const at = `row_group * ${shape.rows * shape.columns}u`;
    const fours = shape.columns / 4;
    return `workgroupBarrier();
      ${matrices.store(ownKeys, at, `${shape.columns}u`, `out_${tile}_${one}`)}
      workgroupBarrier();
      if (own_tile == ${tile}u) {
        for (var four = part; four < ${fours}u; four += ${perRow}u) { ${ownKeys}[sum_at + four] = bitcast<vec4<u32>>(bitcast<vec4<f32>>(${ownKeys}[sum_at + four]) * fade); }
      }
      workgroupBarrier();
      out_${tile}_${one} = ${matrices.loadSum(ownKeys, at, `${shape.columns}u`)};`;
  };
  return `${matrices.directives}
${task.declarations}
${readEights(task)}
${softmaxConstants}
${sharesQueries ? "" : `var<workgroup> query_tile: array<vec4<u32>, ${(rows * stride) / 8}>;`}
var<workgroup> key_tile: array<array<vec4<u32>, ${keyBlock / 8}>, ${keyGroups}>;
${sharesTile ? "" : `var<workgroup> value_tile: array<array<vec4<u32>, ${keyBlock / 8}>, ${keyGroups}>;`}
var<workgroup> scores: array<array<vec4<u32>, ${scoreBlock / 4}>, ${subgroups}>;
var<workgroup> factors: array<f32, ${scoreRows}>;
${keyGroups === 1 ? "" : `var<workgroup> found: array<vec2<f32>, ${scoreRows}>;`}
var<workgroup> low: array<u32, ${keyGroups * keys}>;
var<workgroup> span: array<u32, ${keyGroups * keys}>;
/**
 * The last step whose keys some row does not see, and the last one that scales sums. As long as a vector: matrices are loaded from multiples of 16
 * bytes, and drivers lay variables out without gaps.
 */
var<workgroup> masked_step: vec4<u32>;
var<workgroup> scaled_step: vec4<u32>;
${matrices.declarations([
  ...(sharesQueries ? [] : [{ name: "query_tile", element: "f16" } as const]),
  { name: "key_tile", element: "f16", block: keyBlock },
  { name: "key_tile", element: "f32", block: keyBlock / 2 },
  ...(sharesTile ? [] : [{ name: "value_tile", element: "f16", block: keyBlock } as const]),
  { name: "scores", element: "f16", block: 2 * scoreBlock },
  { name: "scores", element: "f32", block: scoreBlock },
])}

fn query_eight(work: Work, row: u32, eight: u32) -> vec4<u32> {
  if (!wanted(work, row) || eight >= ${Math.ceil(task.length / 8)}u) { return vec4<u32>(); }
  return read_query_eight(query_start(work, row), eight);
}

${entryPoint(invocations)}
  ${matrices.enter("lane")}
  let work = work_of(group, ${rows}u);
  let subgroup = lane / ${lanes}u;
  let row_group = subgroup / ${keyGroups}u;
  let key_group = subgroup % ${keyGroups}u;
  // Of the scores of all subgroups, and of a subgroup.
  let score_row = lane / ${perRow}u;
  let own_row = score_row % ${subgroupRows}u;
  let row = work.firstRow + row_group * ${subgroupRows}u + own_row;
  let part = lane % ${perRow}u;
  let score_at = own_row * ${scoreStride / 4}u + part * ${columns / 4}u;
  let key_of = key_group * ${keys}u + part * ${columns}u;
  // Where its row is among the matrices of its subgroup, and in the memory that sums are scaled in.
  let own_tile = own_row / ${shape.rows}u;
  let sum_at = (row_group * ${shape.rows}u + own_row % ${shape.rows}u) * ${shape.columns / 4}u;
  let scale = sizes.scale * ${Math.LOG2E};
  for (var item = lane; item < ${((sharesQueries ? scoreRows : rows) * depth) / 8}u; item += ${invocations}u) {
    let staged_row = item / ${depth / 8}u;
    let eight = item % ${depth / 8}u;
    let query_row = ${sharesQueries && keyGroups > 1 ? `staged_row / ${keyGroups * subgroupRows}u * ${subgroupRows}u + staged_row % ${subgroupRows}u` : "staged_row"};
    ${queryAt("staged_row", "eight")} = query_eight(work, work.firstRow + query_row, eight);
  }
  workgroupBarrier();
  ${lines(rowMatrices, (tile) => innerMatrices.map((one) => `let query_${tile}_${one} = ${loadQuery(tile, one)};`))}
  ${rowMatrices.flatMap((tile) => outMatrices.map((one) => `var out_${tile}_${one} = ${matrices.zero};`)).join(" ")}
  var top = lowestTop;
  var sums = vec4<f32>();
  var step = 0u;
  for (var place = 0u; place < work.keyCount; place += ${keyGroups * keys}u) {
    step++;
    workgroupBarrier();
    ${keyTile.stage}
    workgroupBarrier();
    ${lines(
      upTo(keys / shape.columns),
      (tile) => `{
      ${lines(innerMatrices, (one) => `let key_${one} = ${matrices.loadRight(ownKeys, `${tile * shape.columns * stride + one * shape.inner}u`, `${stride}u`, "columns")};`)}
      ${lines(rowMatrices, (left) => {
        const products = innerMatrices
          .map((one) => `products = ${matrices.multiplyAdd(`query_${left}_${one}`, `key_${one}`, "products")};`)
          .join(" ");
        return `{ var products = ${matrices.zero}; ${products} ${matrices.store(ownScores, `${rowOf(left) + tile * shape.columns}u`, `${scoreStride}u`, "products")} }`;
      })}
    }`,
    )}
    workgroupBarrier();
    if (masked_step.x == step) {
      for (var one = 0u; one < min(${columns}u, sizes.vectors * ${columns}u); one++) {
        if (row - low[key_of + one] >= span[key_of + one]) { scores[subgroup][score_at + one / 4u][one % 4u] = ${unseenScore}; }
      }
    }
    ${lines(ownFours, (four) => `let scores${four} = bitcast<vec4<f32>>(scores[subgroup][score_at + ${four}u]) * scale;`)}
    let highest4 = ${ownFours.map((four) => `scores${four}`).reduce((left, right) => `max(${left}, ${right})`)};
    var highest = max(max(highest4.x, highest4.y), max(highest4.z, highest4.w));
    ${quadOf("highest", (own, other) => `max(${own}, ${other})`)}
    var fade = 1.0;
    if (highest > top + ${slack}.0) {
      fade = exp2(top - highest);
      if (top > lowestTop) { scaled_step.x = step; }
      top = highest;
      sums *= fade;
    }
    ${lines(ownFours, (four) => `let probabilities${four} = vec4<f16>(exp2(scores${four} - top)); sums += vec4<f32>(probabilities${four});`)}
    ${lines(
      upTo(columns / 8),
      (eight) =>
        `scores[subgroup][score_at + ${eight}u] = vec4<u32>(bitcast<vec2<u32>>(probabilities${2 * eight}), bitcast<vec2<u32>>(probabilities${2 * eight + 1}));`,
    )}
    ${keyTile.stageValues}
    if (workgroupUniformLoad(&scaled_step).x == step) {
      ${lines(rowMatrices, (tile) => outMatrices.map((one) => scaleSums(tile, one)))}
      ${sharesTile ? `workgroupBarrier();\n      ${keyTile.stageValues}\n      workgroupBarrier();` : ""}
    }
    ${lines(
      upTo(keys / shape.inner),
      (tile) => `{
      ${lines(rowMatrices, (left) => `let probability_${left} = ${matrices.loadLeft(ownScores, `${2 * rowOf(left) + probabilityOf(tile)}u`, `${2 * scoreStride}u`)};`)}
      ${lines(outMatrices, (one) => {
        const value = matrices.loadRight(ownValues, `${tile * shape.inner * stride + one * shape.columns}u`, `${stride}u`);
        return `{ let value = ${value}; ${rowMatrices
          .map((left) => `out_${left}_${one} = ${matrices.multiplyAdd(`probability_${left}`, "value", `out_${left}_${one}`)};`)
          .join(" ")} }`;
      })}
    }`,
    )}
  }
  var sum = dot(sums, vec4<f32>(1.0));
  ${quadOf("sum", (own, other) => `${own} + ${other}`)}
  ${
    keyGroups === 1
      ? ""
      : `if (part == 0u) { found[score_row] = vec2<f32>(top, sum); }
  workgroupBarrier();
  let first_found = row_group * ${keyGroups * subgroupRows}u + own_row;
  let own_top = top;
  top = ${upTo(keyGroups)
    .map((group) => `found[first_found + ${group * subgroupRows}u].x`)
    .reduce((left, right) => `max(${left}, ${right})`)};
  sum = ${ofGroups((group) => `found[first_found + ${group * subgroupRows}u].y * exp2(found[first_found + ${group * subgroupRows}u].x - top)`, " + ")};`
  }
  if (part == 0u) {
    factors[score_row] = 0.0;
    if (written(work, row)) {
      ${keyGroups === 1 ? "" : "if (key_group == 0u) "}{ record(work, row, top * ${Math.LN2}, sum); }
      factors[score_row] = output_factor(work, row, sum)${keyGroups === 1 ? "" : " * exp2(own_top - top)"};
    }
  }
  ${lines(chunks, (chunk, index) => {
    const first = (index * keys) / 4;
    const width = Math.min(keys / 4, vectors - first);
    const blockOf = (group: number): string => `tile_row / ${subgroupRows}u * ${keyGroups}u + ${group}u`;
    const share = (group: number): string =>
      `bitcast<vec4<f32>>(scores[${blockOf(group)}][tile_row % ${subgroupRows}u * ${scoreStride / 4}u + item % ${width}u]) * factors[(${blockOf(group)}) * ${subgroupRows}u + tile_row % ${subgroupRows}u]`;
    return `workgroupBarrier();
  ${storeChunk(chunk)}
  workgroupBarrier();
  for (var item = lane; item < ${rows * width}u; item += ${invocations}u) {
    let tile_row = item / ${width}u;
    if (written(work, work.firstRow + tile_row)) {
      write_output(output_start(work, work.firstRow + tile_row), ${first}u + item % ${width}u, ${ofGroups(share, " + ")});
    }
  }`;
  })}
}`;
}
