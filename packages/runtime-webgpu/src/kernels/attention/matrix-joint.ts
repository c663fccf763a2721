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
// partial sums `[items, splits, rows, hidden]`, statistics (top and sum) `[items, splits, rows, 2]`, both float32. Rows of an item are a multiple of 32;
// those of tokens that an item does not have are anything.
// Grid: [splits, rows / 32, items].
// Source: FlashAttention-2 (Dao, arXiv 2307.08691), where keys are split among workgroups; sums that are scaled late as in FlashAttention-4; keys that
// are the values too as in FlashMLA (DeepSeek); the arrangement is our own.
import type { MatrixUnits } from "../../kernel/device-facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { matrixPrimitives } from "../matrix/index.ts";
import { upTo } from "../parts/up-to.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { jointAccess, jointFields, jointKeys, jointMemory, jointRows, type JointTiling } from "./joint-tiling.ts";
import { softmaxConstants } from "./softmax-step.ts";
import { declareUniforms } from "./uniforms.ts";

/** How much higher than its `top` a row's scores may be: e⁸ is far from float16's largest number. */
const slack = 8;

/** Invocations that share a row's probabilities, and keys of each: every fourth, so that neighbours read from other banks. */
const perRow = 4;
const ownKeys = jointKeys / perRow;

export function matrixJointKernel(tiling: JointTiling, hidden: number, units: MatrixUnits): Kernel {
  const { shape, subgroups } = tiling;
  const { lanes } = units;
  const matrices = matrixPrimitives(units, shape, ["folded", "hidden_tile"]);
  const invocations = subgroups * lanes;
  const { stride, scoreStride, probabilityStride } = jointMemory(tiling, hidden);
  const slices = subgroups / 2;
  const sliceElements = hidden / slices;
  const ownElements = hidden / subgroups;
  const eights = hidden / 8;
  const reads = upTo((jointKeys * eights) / invocations);
  const halfRows = jointRows / 2;
  const scoreRows = upTo(halfRows / shape.rows);
  const scoreColumns = upTo(jointKeys / shape.columns);
  const inner = upTo(sliceElements / shape.inner);
  const outRows = upTo(jointRows / shape.rows);
  const outColumns = upTo(ownElements / shape.columns);
  const keysInner = upTo(jointKeys / shape.inner);
  const columns = upTo(ownKeys);
  const scoreArea = `subgroup * ${halfRows * scoreStride}u`;
  const keyOf = (read: number): string => `(lane + ${read * invocations}u) / ${eights}u`;
  const readAll = (key: string): string =>
    [
      ...reads.map(
        (read) =>
          `next_${read} = hidden[(item * sizes.sequence + min(${key} + ${keyOf(read)}, sizes.sequence - 1u)) * ${eights}u + (lane + ${read * invocations}u) % ${eights}u];`,
      ),
      `if (lane < ${jointKeys}u) { next_seen = ${key} + lane < endKey && codes[batchItem * sizes.sequence + min(${key} + lane, sizes.sequence - 1u)] != 0; }`,
    ].join("\n    ");
  const ofRow = (join: (left: string, right: string) => string): string =>
    upTo(perRow)
      .map((one) => `shares[own_row * ${perRow}u + ${one}u]`)
      .reduce(join);
  return {
    name: `global-attention-${tiling.name}`,
    access: jointAccess,
    code: `${matrices.directives}
${declareUniforms(jointFields)}
@group(0) @binding(1) var<storage, read> folded: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> hidden: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> codes: array<i32>;
@group(0) @binding(4) var<storage, read> tokens: array<i32>;
@group(0) @binding(5) var<storage, read_write> partials: array<f32>;
@group(0) @binding(6) var<storage, read_write> statistics: array<vec2<f32>>;
${softmaxConstants}
var<workgroup> hidden_tile: array<vec4<u32>, ${(jointKeys * stride) / 8}>;
var<workgroup> scores: array<f32, ${subgroups * halfRows * scoreStride}>;
var<workgroup> probabilities: array<f16, ${jointRows * probabilityStride}>;
var<workgroup> shares: array<f32, ${jointRows * perRow}>;
var<workgroup> fades: array<f32, ${jointRows}>;
var<workgroup> seen: array<u32, ${jointKeys}>;
/** The last step that scales sums. As long as a vector: matrices are loaded from multiples of 16 bytes, and drivers lay variables out without gaps. */
var<workgroup> scaled_step: vec4<u32>;
${matrices.declarations([
  { name: "folded", element: "f16" },
  { name: "hidden_tile", element: "f16" },
  { name: "probabilities", element: "f16" },
  { name: "scores", element: "f32" },
  { name: "partials", element: "f32" },
])}

@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  ${matrices.enter("lane")}
  let item = group.z;
  let batchItem = sizes.firstItem + item;
  let list = batchItem * sizes.tokensStride;
  let rowsHere = u32(tokens[list + ${attentionTokens.globals}u]) * sizes.rowsOfToken;
  let length = u32(tokens[list + ${attentionTokens.length}u]);
  let firstRow = group.y * ${jointRows}u;
  if (firstRow >= rowsHere) { return; }
  let subgroup = lane / ${lanes}u;
  let half_row = subgroup % 2u * ${halfRows}u;
  let slice = subgroup / 2u * ${sliceElements}u;
  let own_element = subgroup * ${ownElements}u;
  let own_row = lane / ${perRow}u;
  let own_key = lane % ${perRow}u;
  let firstKey = group.x * sizes.splitKeys;
  let endKey = min(firstKey + sizes.splitKeys, length);
  ${reads.map((read) => `var next_${read} = vec4<u32>();`).join(" ")}
  var next_seen = false;
  if (firstKey < endKey) {
    ${readAll("firstKey")}
  }
  ${scoreRows
    .flatMap((row) =>
      inner.map(
        (one) =>
          `let folded_${row}_${one} = ${matrices.loadLeft("folded", `(item * sizes.rows + firstRow + half_row + ${row * shape.rows}u) * ${hidden}u + slice + ${one * shape.inner}u`, `${hidden}u`)};`,
      ),
    )
    .join("\n  ")}
  ${outRows.flatMap((row) => outColumns.map((column) => `var out_${row}_${column} = ${matrices.zero};`)).join(" ")}
  var top = lowestTop;
  var sum = 0.0;
  var step = 0u;
  for (var key = firstKey; key < endKey; key += ${jointKeys}u) {
    step++;
    workgroupBarrier();
    ${reads.map((read) => `hidden_tile[${keyOf(read)} * ${stride / 8}u + (lane + ${read * invocations}u) % ${eights}u] = next_${read};`).join("\n    ")}
    if (lane < ${jointKeys}u) { seen[lane] = select(0u, 1u, next_seen); }
    workgroupBarrier();
    ${readAll(`key + ${jointKeys}u`)}
    ${scoreColumns
      .map(
        (column) => `{
      ${scoreRows.map((row) => `var score_${row} = ${matrices.zero};`).join(" ")}
      ${inner
        .map(
          (one) =>
            `{ let right = ${matrices.loadRight("hidden_tile", `${column * shape.columns * stride}u + slice + ${one * shape.inner}u`, `${stride}u`, "columns")}; ${scoreRows
              .map((row) => `score_${row} = ${matrices.multiplyAdd(`folded_${row}_${one}`, "right", `score_${row}`)};`)
              .join(" ")} }`,
        )
        .join("\n      ")}
      ${scoreRows.map((row) => matrices.store("scores", `${scoreArea} + ${row * shape.rows * scoreStride + column * shape.columns}u`, `${scoreStride}u`, `score_${row}`)).join("\n      ")}
    }`,
      )
      .join("\n    ")}
    workgroupBarrier();
    ${columns.map((one) => `var score${one} = unseen;`).join(" ")}
    if (own_row < ${jointRows}u) {
      let at = own_row * ${scoreStride}u + own_key;
      var total = vec4<f32>();
      ${upTo(slices)
        .map((one) => {
          const area = one * jointRows * scoreStride;
          return `total += vec4<f32>(${columns.map((column) => `scores[at + ${area + column * perRow}u]`).join(", ")});`;
        })
        .join("\n      ")}
      ${columns.map((one) => `if (seen[own_key + ${one * perRow}u] != 0u && firstRow + own_row < rowsHere) { score${one} = total[${one}] * sizes.scale; }`).join("\n      ")}
      shares[lane] = ${columns.map((one) => `score${one}`).reduce((left, right) => `max(${left}, ${right})`)};
    }
    workgroupBarrier();
    if (own_row < ${jointRows}u) {
      let highest = ${ofRow((left, right) => `max(${left}, ${right})`)};
      var fade = 1.0;
      if (highest > top + ${slack}.0) {
        fade = exp(top - highest);
        if (top > lowestTop) { scaled_step.x = step; }
        top = highest;
        sum *= fade;
      }
      fades[own_row] = fade;
      ${columns.map((one) => `{ let probability = f16(exp(score${one} - top)); sum += f32(probability); probabilities[own_row * ${probabilityStride}u + own_key + ${one * perRow}u] = probability; }`).join("\n      ")}
    }
    if (workgroupUniformLoad(&scaled_step).x == step) {
      ${outRows
        .flatMap((row) =>
          outColumns.map(
            (column) => `${matrices.store("scores", scoreArea, `${scoreStride}u`, `out_${row}_${column}`)}
      workgroupBarrier();
      for (var place = lane % ${lanes}u; place < min(${shape.rows * shape.columns}u, sizes.rows * ${shape.columns}u); place += ${lanes}u) {
        scores[${scoreArea} + place / ${shape.columns}u * ${scoreStride}u + place % ${shape.columns}u] *= fades[${row * shape.rows}u + place / ${shape.columns}u];
      }
      workgroupBarrier();
      out_${row}_${column} = ${matrices.loadSum("scores", scoreArea, `${scoreStride}u`)};
      workgroupBarrier();`,
          ),
        )
        .join("\n      ")}
    }
    ${keysInner
      .map(
        (one) => `{
      ${outRows.map((row) => `let probability_${row} = ${matrices.loadLeft("probabilities", `${row * shape.rows * probabilityStride + one * shape.inner}u`, `${probabilityStride}u`)};`).join("\n      ")}
      ${outColumns
        .map(
          (column) =>
            `{ let right = ${matrices.loadRight("hidden_tile", `${one * shape.inner * stride}u + own_element + ${column * shape.columns}u`, `${stride}u`)}; ${outRows
              .map((row) => `out_${row}_${column} = ${matrices.multiplyAdd(`probability_${row}`, "right", `out_${row}_${column}`)};`)
              .join(" ")} }`,
        )
        .join("\n      ")}
    }`,
      )
      .join("\n    ")}
  }
  let row_of_split = (item * sizes.splits + group.x) * sizes.rows + firstRow;
  ${outRows
    .flatMap((row) =>
      outColumns.map((column) =>
        matrices.store(
          "partials",
          `(row_of_split + ${row * shape.rows}u) * ${hidden}u + own_element + ${column * shape.columns}u`,
          `${hidden}u`,
          `out_${row}_${column}`,
        ),
      ),
    )
    .join("\n  ")}
  workgroupBarrier();
  if (own_row < ${jointRows}u) { shares[lane] = sum; }
  workgroupBarrier();
  if (own_row < ${jointRows}u && own_key == 0u) { statistics[row_of_split + own_row] = vec2<f32>(top, ${ofRow((left, right) => `${left} + ${right}`)}); }
}`,
  };
}
