// Heads of global tokens attend to hidden states in the re-associated form, on matrix units, in one kernel; for each split of the keys
//
//     s[row, j]    = scale · folded[row] · hidden[j]   where token j is not masked
//     sum[row]     = Σ_j exp(s[row, j] - top[row])
//     partial[row] = Σ_j exp(s[row, j] - top[row]) · hidden[j]
//
// Rows count the heads of global tokens. A workgroup has 32 rows and a split. It stages 16 keys at a time and uses them twice: each subgroup first multiplies
// its part of the folded queries' elements, which it keeps in registers, with those of the keys, and the parts are added in workgroup memory; then the
// probabilities with its part of the keys' elements, whose sums it keeps. Probabilities are relative to a row's `top`, which follows its highest score only
// when that has risen by more than `slack`: until then sums need not be scaled, for which they have to go through memory.
// Shapes: folded `[items, rows, hidden]`, hidden `[items, sequence, hidden]`, both float16; codes `[batch, sequence]`; tokens `[batch, tokensStride]`;
// partial sums `[items, splits, rows, hidden]`, statistics (top and sum) `[items, splits, rows, 2]`, both float32. There is room for a multiple
// of 32 rows of an item; those of tokens that it does not have are anything.
// Workgroup memory is cut into blocks, a subgroup's keys' elements and its scores, so that matrices lie at constant places of them.
// Grid: [splits, ⌈rows / 32⌉, items].
// Source: FlashAttention-2 (Dao, arXiv 2307.08691), where keys are split among workgroups; sums that are scaled late as in FlashAttention-4; keys that
// are the values too as in FlashMLA (DeepSeek); the arrangement is our own.
import type { MatrixUnits } from "../../kernel/device-facts.ts";
import { entryPoint } from "../parts/bindings.ts";
import { matrixPrimitives } from "../matrix/index.ts";
import { lines, upTo } from "../parts/lines.ts";
import { declareJoint, enterJoint, storeJointSums } from "./joint-code.ts";
import { jointFields, jointKeys, jointMemory, jointRows, type StepTiling } from "./joint-tiling.ts";

/** How much higher than its `top` a row's scores may be: e⁸ is far from float16's largest number. */
const slack = 8;

/** Invocations that share a row's probabilities, and keys of each. */
const perRow = 2;
const ownKeys = jointKeys / perRow;

export function matrixJointKernelCode(tiling: StepTiling, hidden: number, units: MatrixUnits): string {
  const { shape, subgroups } = tiling;
  const { lanes } = units;
  const matrices = matrixPrimitives(units, shape, ["folded", "hidden_tile", "probabilities", "scores"]);
  const invocations = subgroups * lanes;
  const { ownElements, stride, scoreStride, probabilityStride } = jointMemory(tiling, hidden);
  const slices = subgroups / 2;
  const eights = hidden / 8;
  const ownEights = ownElements / 8;
  const reads = upTo((jointKeys * eights) / invocations);
  const halfRows = jointRows / 2;
  const tileBlock = jointKeys * stride;
  const scoreBlock = halfRows * scoreStride;
  const scoreRows = upTo(halfRows / shape.rows);
  const scoreColumns = upTo(jointKeys / shape.columns);
  /** Of a slice: two subgroups' elements. */
  const inner = upTo(ownElements / shape.inner);
  const outRows = upTo(jointRows / shape.rows);
  const outColumns = upTo(ownElements / shape.columns);
  const fours = upTo(ownKeys / 4);
  const keys = upTo(ownKeys);
  const scoreOf = (key: number): string => `score${Math.floor(key / 4)}[${key % 4}]`;
  const at = (read: number): string => `(lane + ${read * invocations}u)`;
  const readAll = (key: string): string =>
    [
      ...reads.map(
        (read) =>
          `next_${read} = hidden[(item * sizes.sequence + min(${key} + ${at(read)} / ${eights}u, sizes.sequence - 1u)) * ${eights}u + ${at(read)} % ${eights}u];`,
      ),
      `if (lane < ${jointKeys}u) { next_seen = ${key} + lane < endKey && codes[batchItem * sizes.sequence + min(${key} + lane, sizes.sequence - 1u)] != 0; }`,
    ].join("\n");
  const stage = (read: number): string =>
    `hidden_tile[${at(read)} % ${eights}u / ${ownEights}u][${at(read)} / ${eights}u * ${stride / 8}u + ${at(read)} % ${eights}u % ${ownEights}u] = next_${read};`;
  return `${matrices.directives}
${declareJoint(jointFields)}
var<workgroup> hidden_tile: array<array<vec4<u32>, ${tileBlock / 8}>, ${subgroups}>;
var<workgroup> scores: array<array<vec4<f32>, ${scoreBlock / 4}>, ${subgroups}>;
var<workgroup> probabilities: array<vec4<u32>, ${(jointRows * probabilityStride) / 8}>;
var<workgroup> fades: array<f32, ${jointRows}>;
var<workgroup> seen: array<u32, ${jointKeys}>;
/** The last step that scales sums. As long as a vector: matrices are loaded from multiples of 16 bytes, and drivers lay variables out without gaps. */
var<workgroup> scaled_step: vec4<u32>;
${matrices.declarations([
  { name: "folded", element: "f16" },
  { name: "hidden_tile", element: "f16", block: tileBlock },
  { name: "probabilities", element: "f16" },
  { name: "scores", element: "f32", block: scoreBlock },
  { name: "partials", element: "f32" },
])}

${entryPoint(invocations)}
  ${enterJoint(matrices)}
  let half_row = subgroup % 2u * ${halfRows}u;
  let slice_block = subgroup / 2u * 2u;
  let own_row = lane / ${perRow}u;
  let own_part = lane % ${perRow}u;
  let firstKey = group.x * sizes.splitKeys;
  let endKey = min(firstKey + sizes.splitKeys, length);
  ${reads.map((read) => `var next_${read} = vec4<u32>();`).join(" ")}
  var next_seen = false;
  if (firstKey < endKey) {
    ${readAll("firstKey")}
  }
  ${lines(scoreRows, (row) =>
    upTo(2).flatMap((block) =>
      inner.map(
        (one) =>
          `let folded_${row}_${block}_${one} = ${matrices.loadLeft("folded", `(item * sizes.rows + firstRow + half_row + ${row * shape.rows}u) * ${hidden}u + (slice_block + ${block}u) * ${ownElements}u + ${one * shape.inner}u`, `${hidden}u`)};`,
      ),
    ),
  )}
  ${outRows.flatMap((row) => outColumns.map((column) => `var out_${row}_${column} = ${matrices.zero};`)).join(" ")}
  var top = lowestTop;
  var sum = 0.0;
  var step = 0u;
  for (var key = firstKey; key < endKey; key += ${jointKeys}u) {
    step++;
    workgroupBarrier();
    ${lines(reads, (read) => stage(read))}
    if (lane < ${jointKeys}u) { seen[lane] = select(0u, 1u, next_seen); }
    workgroupBarrier();
    ${readAll(`key + ${jointKeys}u`)}
    ${lines(
      scoreColumns,
      (column) => `{
      ${scoreRows.map((row) => `var score_${row} = ${matrices.zero};`).join(" ")}
      ${lines(upTo(2), (block) =>
        inner.map(
          (one) =>
            `{ let right = ${matrices.loadRight(`hidden_tile[slice_block + ${block}u]`, `${column * shape.columns * stride + one * shape.inner}u`, `${stride}u`, "columns")}; ${scoreRows
              .map((row) => `score_${row} = ${matrices.multiplyAdd(`folded_${row}_${block}_${one}`, "right", `score_${row}`)};`)
              .join(" ")} }`,
        ),
      )}
      ${lines(scoreRows, (row) => matrices.store("scores[subgroup]", `${row * shape.rows * scoreStride + column * shape.columns}u`, `${scoreStride}u`, `score_${row}`))}
    }`,
    )}
    workgroupBarrier();
    if (own_row < ${jointRows}u) {
      let own_half = own_row / ${halfRows}u;
      let place = own_row % ${halfRows}u * ${scoreStride / 4}u + own_part * ${ownKeys / 4}u;
      ${lines(
        fours,
        (four) => `var score${four} = ${upTo(slices)
          .map((one) => `scores[own_half + ${2 * one}u][place + ${four}u]`)
          .join(" + ")};
      score${four} = select(vec4<f32>(unseen), score${four} * sizes.scale, vec4<bool>(${upTo(4)
        .map((one) => `seen[own_part * ${ownKeys}u + ${4 * four + one}u] != 0u`)
        .join(", ")}) & vec4<bool>(firstRow + own_row < rowsHere));`,
      )}
      var highest = ${keys.map(scoreOf).reduce((left, right) => `max(${left}, ${right})`)};
      highest = max(highest, quadSwapX(highest));
      var fade = 1.0;
      if (highest > top + ${slack}.0) {
        fade = exp(top - highest);
        if (top > lowestTop) { scaled_step.x = step; }
        top = highest;
        sum *= fade;
      }
      fades[own_row] = fade;
      ${fours.map((four) => `let probability${four} = vec4<f16>(exp(score${four} - top));`).join(" ")}
      sum += dot(${fours.map((four) => `vec4<f32>(probability${four})`).join(" + ")}, vec4<f32>(1.0));
      probabilities[own_row * ${probabilityStride / 8}u + own_part] = vec4<u32>(${fours.map((four) => `bitcast<vec2<u32>>(probability${four})`).join(", ")});
    }
    if (workgroupUniformLoad(&scaled_step).x == step) {
      ${lines(outRows, (row) =>
        outColumns.map(
          (column) => `${matrices.store("scores[subgroup]", "0u", `${scoreStride}u`, `out_${row}_${column}`)}
      workgroupBarrier();
      for (var four = lane % ${lanes}u; four < min(${(shape.rows * shape.columns) / 4}u, sizes.rows * ${shape.columns}u); four += ${lanes}u) {
        scores[subgroup][four / ${shape.columns / 4}u * ${scoreStride / 4}u + four % ${shape.columns / 4}u] *= fades[${row * shape.rows}u + four / ${shape.columns / 4}u];
      }
      workgroupBarrier();
      out_${row}_${column} = ${matrices.loadSum("scores[subgroup]", "0u", `${scoreStride}u`)};
      workgroupBarrier();`,
        ),
      )}
    }
    ${lines(
      upTo(jointKeys / shape.inner),
      (one) => `{
      ${lines(outRows, (row) => `let probability_${row} = ${matrices.loadLeft("probabilities", `${row * shape.rows * probabilityStride + one * shape.inner}u`, `${probabilityStride}u`)};`)}
      ${lines(
        outColumns,
        (column) =>
          `{ let right = ${matrices.loadRight("hidden_tile[subgroup]", `${one * shape.inner * stride + column * shape.columns}u`, `${stride}u`)}; ${outRows
            .map((row) => `out_${row}_${column} = ${matrices.multiplyAdd(`probability_${row}`, "right", `out_${row}_${column}`)};`)
            .join(" ")} }`,
      )}
    }`,
    )}
  }
  let row_of_split = (item * sizes.splits + group.x) * sizes.rows + firstRow;
  ${storeJointSums(matrices, hidden, ownElements)}
  if (own_row < ${jointRows}u) {
    let other = quadSwapX(sum);
    if (own_part == 0u) { statistics[row_of_split + own_row] = vec2<f32>(top, sum + other); }
  }
}`;
}
