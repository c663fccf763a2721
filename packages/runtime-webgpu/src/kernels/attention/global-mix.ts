// What the heads of global tokens mix of the hidden states in the re-associated form, for GPUs; for each split of the keys
//
//     top         = max of the scores of the split's keys
//     sum         = Σ_j exp(scores[row, j] - top)
//     partial[row] = Σ_j exp(scores[row, j] - top) · hidden[j]
//
// A matrix product: tiles of rows and 64 elements, 16 keys at a time through workgroup memory; the next ones are read while these are multiplied.
// `combine-splits.ts` joins the splits.
// Shapes: scores `[items, rows, 64 · keyTiles]` and tops `[items, rows, keyTiles]` of `global-scores.ts`; hidden `[items, sequence, hidden]`;
// tokens `[batch, tokensStride]`; partial sums `[items, splits, rows, hidden]`; statistics (top and sum) `[items, splits, rows, 2]`.
// Grid: [⌈hidden / 64⌉, ⌈rows / rows of a tile⌉ · splits, items].
// Source: FlashAttention-2 (Dao, arXiv 2307.08691), where keys are split among workgroups; the tiles of `linear/tile-kernel.ts`.
import type { Kernel } from "../../kernel/kernel.ts";
import { lines, upTo } from "../parts/lines.ts";
import { declareUniforms, entryPoint, storageBuffers } from "../parts/bindings.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { columnThreads, productAccess, rowsOfTile, stagedVectors, tileColumns, type TileGlobalTiling } from "./global-tiling.ts";
import { softmaxConstants } from "./softmax-step.ts";
import { type RowForm, vectorType, vectorReader, vectorWriter } from "./vectors.ts";

/** WGSL: the uniforms, the buffers and `hidden_vector`, which the form on matrix units has too. */
export function declareGlobalMix(hidden: RowForm, floats: RowForm): string {
  const buffers = storageBuffers(
    { scores: "vec4<f32>", tops: "f32", hidden: vectorType(hidden), tokens: "i32" },
    { partials: vectorType(floats), statistics: "vec2<f32>" },
  );
  return `${declareUniforms(globalMixFields)}
${buffers.declarations}
${vectorReader("hidden_vector", "hidden", hidden, "sizes.hidden")}`;
}

/** WGSL: what a workgroup computes; it ends where there are no such rows. */
export function enterGlobalMix(rows: number): string {
  return `let item = group.z;
  let list = (sizes.firstItem + item) * sizes.tokensStride;
  let rowsHere = u32(tokens[list + ${attentionTokens.globals}u]) * sizes.rowsOfToken;
  let length = u32(tokens[list + ${attentionTokens.length}u]);
  let split = group.y % max(sizes.splits, 1u);
  let firstRow = group.y / max(sizes.splits, 1u) * ${rows}u;
  if (firstRow >= rowsHere) { return; }`;
}

export const globalMixFields = {
  sequence: "u32",
  hidden: "u32",
  /** Of four elements, in a token. */
  vectors: "u32",
  /** Rows of an item that there is room for, and that a global token has. */
  rows: "u32",
  rowsOfToken: "u32",
  tokensStride: "u32",
  firstItem: "u32",
  keyTiles: "u32",
  splits: "u32",
  /** Tiles of 64 keys in a split. */
  splitTiles: "u32",
} as const;

export function globalMixKernel(tiling: TileGlobalTiling, hidden: RowForm): Kernel {
  const { rowThreads, threadRows } = tiling;
  const rows = rowsOfTile(tiling);
  const invocations = rowThreads * columnThreads;
  const floats: RowForm = { storage: "float32", aligned: hidden.aligned };
  const stride = stagedVectors + 1;
  const stagedKeys = 4 * stagedVectors;
  const ownRows = upTo(threadRows);
  const leftReads = upTo(Math.ceil((rows * stagedVectors) / invocations));
  const rightReads = upTo((stagedKeys * columnThreads) / invocations);
  const slotOf = (read: number): string => `(lane + ${read * invocations}u) / ${stagedVectors}u`;
  const keyOf = (read: number): string => `(lane + ${read * invocations}u) / ${columnThreads}u`;
  /** Where a tile has fewer vectors than there are invocations, some have none. */
  const ifLeft = (read: number, statement: string): string =>
    (read + 1) * invocations <= rows * stagedVectors ? statement : `if (${slotOf(read)} < ${rows}u) { ${statement} }`;
  const readAll = (key: string): string =>
    [
      ...leftReads.map((read) => ifLeft(read, `left${read} = scores[leftStart${read} + min(${key}, lastKey) / 4u];`)),
      ...rightReads.map((read) => `right${read} = read_hidden(item, ${key} + ${keyOf(read)}, rightVector);`),
    ].join("\n");
  return {
    name: `global-mix-${tiling.name}${hidden.storage === "float16" ? "-float16" : ""}`,
    access: productAccess,
    code: `${declareGlobalMix(hidden, floats)}
${vectorWriter("write_partial", "partials", floats, "sizes.hidden")}
${softmaxConstants}
var<workgroup> left_tile: array<vec4<f32>, ${rows * stride}>;
var<workgroup> right_tile: array<vec4<f32>, ${stagedKeys * columnThreads}>;
var<workgroup> row_tops: array<f32, ${rows}>;

fn read_hidden(item: u32, key: u32, vector: u32) -> vec4<f32> {
  if (vector >= sizes.vectors) { return vec4<f32>(); }
  return hidden_vector((item * sizes.sequence + min(key, sizes.sequence - 1u)) * sizes.hidden, vector);
}

${entryPoint(invocations)}
  ${enterGlobalMix(rows)}
  let firstTile = split * sizes.splitTiles;
  let endTile = min(firstTile + sizes.splitTiles, (length + ${tileColumns - 1}u) / ${tileColumns}u);
  let endKey = min(endTile * ${tileColumns}u, length);
  let lastKey = max(endKey, 1u) - 1u;
  if (lane < ${rows}u) {
    var top = lowestTop;
    let start = (item * sizes.rows + min(firstRow + lane, rowsHere - 1u)) * sizes.keyTiles;
    for (var tile = firstTile; tile < endTile; tile++) { top = max(top, tops[start + tile]); }
    row_tops[lane] = top;
  }
  workgroupBarrier();
  let row_thread = lane / ${columnThreads}u;
  let column_thread = lane % ${columnThreads}u;
  let leftVector = lane % ${stagedVectors}u;
  let rightVector = group.x * ${columnThreads}u + column_thread;
  ${lines(leftReads, (read) => `var top${read} = 0.0; ${ifLeft(read, `top${read} = row_tops[${slotOf(read)}];`)} let leftStart${read} = (item * sizes.rows + min(firstRow + ${slotOf(read)}, rowsHere - 1u)) * sizes.keyTiles * ${tileColumns / 4}u + leftVector; var left${read} = vec4<f32>(); var sum${read} = vec4<f32>();`)}
  ${rightReads.map((read) => `var right${read} = vec4<f32>();`).join(" ")}
  ${ownRows.map((row) => `var out${row} = vec4<f32>();`).join(" ")}
  let firstKey = firstTile * ${tileColumns}u;
  if (firstKey < endKey) {
    ${readAll("firstKey")}
  }
  for (var key = firstKey; key < endKey; key += ${stagedKeys}u) {
    workgroupBarrier();
    ${lines(leftReads, (read) => ifLeft(read, `{ let p = exp(left${read} - top${read}); sum${read} += p; left_tile[${slotOf(read)} * ${stride}u + leftVector] = p; }`))}
    ${lines(rightReads, (read) => `right_tile[lane + ${read * invocations}u] = right${read};`)}
    workgroupBarrier();
    ${readAll(`key + ${stagedKeys}u`)}
    let fours = min(${stagedVectors}u, (endKey - key + 3u) / 4u);
    for (var four = 0u; four < fours; four++) {
      ${lines(upTo(4), (one) => `let r${one} = right_tile[(four * 4u + ${one}u) * ${columnThreads}u + column_thread];`)}
      ${lines(ownRows, (row) => `{ let l = left_tile[(row_thread + ${row * rowThreads}u) * ${stride}u + four]; out${row} += l.x * r0 + l.y * r1 + l.z * r2 + l.w * r3; }`)}
    }
  }
  workgroupBarrier();
  ${lines(leftReads, (read) => ifLeft(read, `left_tile[${slotOf(read)} * ${stride}u + leftVector] = sum${read};`))}
  workgroupBarrier();
  let firstOfSplit = (item * sizes.splits + split) * sizes.rows + firstRow;
  if (group.x == 0u && lane < ${rows}u && firstRow + lane < rowsHere) {
    let sum = ${upTo(stagedVectors)
      .map((one) => `left_tile[lane * ${stride}u + ${one}u]`)
      .join(" + ")};
    statistics[firstOfSplit + lane] = vec2<f32>(row_tops[lane], dot(sum, vec4<f32>(1.0)));
  }
  if (rightVector >= sizes.vectors) { return; }
  ${lines(ownRows, (row) => `if (firstRow + row_thread + ${row * rowThreads}u < rowsHere) { write_partial((firstOfSplit + row_thread + ${row * rowThreads}u) * sizes.hidden, rightVector, out${row}); }`)}
}`,
  };
}
