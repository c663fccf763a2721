// The scores of global tokens in the re-associated form, for GPUs: each head of a global token meets the hidden states of all tokens,
//
//     scores[row, j] = scale · folded[row] · hidden[j]   where token j is not masked, and a sentinel that exp takes to 0 where it is,
//     tops[row, t]   = max of scores[row, j] over the t-th 64 keys
//
// Rows count the heads of global tokens. A matrix product: tiles of rows and 64 keys, 16 elements of the inner axis at a time through workgroup
// memory; the next ones are read while these are multiplied.
// Shapes: folded `[items, rows, hidden]`; hidden `[items, sequence, hidden]`; codes `[batch, sequence]`; tokens `[batch, tokensStride]`; scores
// `[items, rows, 64 · keyTiles]`; tops `[items, rows, keyTiles]`. Tiles beyond an item's last row or key are not written.
// Grid: [keyTiles, ⌈rows / rows of a tile⌉, items].
// Source: the tiles of `linear/tile-kernel.ts`.
import type { Kernel } from "../../kernel/kernel.ts";
import { lines, upTo } from "../parts/lines.ts";
import { declareUniforms, entryPoint, storageBuffers } from "../parts/bindings.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { columnThreads, productAccess, rowsOfTile, stagedVectors, tileColumns, type TileGlobalTiling } from "./global-tiling.ts";
import { softmaxConstants } from "./softmax-step.ts";
import { type RowForm, vectorType, vectorReader } from "./vectors.ts";

/** WGSL: the uniforms, the buffers and their readers, which the form on matrix units has too. */
export function declareGlobalScores(hidden: RowForm, folded: RowForm): string {
  const buffers = storageBuffers(
    { folded: vectorType(folded), hidden: vectorType(hidden), codes: "i32", tokens: "i32" },
    { scores: "vec4<f32>", tops: "f32" },
  );
  return `${declareUniforms(globalScoreFields)}
${buffers.declarations}
${vectorReader("folded_vector", "folded", folded, "sizes.hidden")}
${vectorReader("hidden_vector", "hidden", hidden, "sizes.hidden")}`;
}

/** WGSL: what a workgroup computes; it ends where there are no such rows or keys. */
export function enterGlobalScores(rows: number): string {
  return `let item = group.z;
  let batchItem = sizes.firstItem + item;
  let list = batchItem * sizes.tokensStride;
  let rowsHere = u32(tokens[list + ${attentionTokens.globals}u]) * sizes.rowsOfToken;
  let firstRow = group.y * ${rows}u;
  let firstKey = group.x * ${tileColumns}u;
  if (firstRow >= rowsHere || firstKey >= u32(tokens[list + ${attentionTokens.length}u])) { return; }`;
}

export const globalScoreFields = {
  sequence: "u32",
  hidden: "u32",
  /** Of four elements, in a token. */
  vectors: "u32",
  scale: "f32",
  /** Rows of an item that there is room for, and that a global token has. */
  rows: "u32",
  rowsOfToken: "u32",
  tokensStride: "u32",
  firstItem: "u32",
  keyTiles: "u32",
} as const;

export function globalScoresKernel(tiling: TileGlobalTiling, hidden: RowForm): Kernel {
  const { rowThreads, threadRows } = tiling;
  const rows = rowsOfTile(tiling);
  const invocations = rowThreads * columnThreads;
  const floats: RowForm = { storage: "float32", aligned: hidden.aligned };
  const stride = stagedVectors + 1;
  const ownRows = upTo(threadRows);
  const ownKeys = upTo(4);
  const leftReads = upTo(Math.ceil((rows * stagedVectors) / invocations));
  const rightReads = upTo((tileColumns * stagedVectors) / invocations);
  const slotOf = (read: number): string => `(lane + ${read * invocations}u) / ${stagedVectors}u`;
  /** Where a tile has fewer vectors than there are invocations, some have none. */
  const ifLeft = (read: number, statement: string): string =>
    (read + 1) * invocations <= rows * stagedVectors ? statement : `if (${slotOf(read)} < ${rows}u) { ${statement} }`;
  const readAll = (first: string): string =>
    [
      ...leftReads.map((read) => ifLeft(read, `left${read} = read_left(leftStart${read}, ${first} + vector);`)),
      ...rightReads.map((read) => `right${read} = read_right(rightStart${read}, ${first} + vector);`),
    ].join("\n");
  return {
    name: `global-scores-${tiling.name}${hidden.storage === "float16" ? "-float16" : ""}`,
    access: productAccess,
    code: `${declareGlobalScores(hidden, floats)}
${softmaxConstants}
var<workgroup> left_tile: array<vec4<f32>, ${rows * stride}>;
var<workgroup> right_tile: array<vec4<f32>, ${tileColumns * stride}>;
var<workgroup> shares: array<vec4<f32>, ${(rows * columnThreads) / 4}>;

fn read_left(start: u32, vector: u32) -> vec4<f32> {
  if (vector >= sizes.vectors) { return vec4<f32>(); }
  return folded_vector(start, vector);
}
fn read_right(start: u32, vector: u32) -> vec4<f32> {
  if (vector >= sizes.vectors) { return vec4<f32>(); }
  return hidden_vector(start, vector);
}
fn seen(codesStart: u32, key: u32) -> bool { return key < sizes.sequence && codes[codesStart + key] != 0; }

${entryPoint(invocations)}
  ${enterGlobalScores(rows)}
  let vector = lane % ${stagedVectors}u;
  let row_thread = lane / ${columnThreads}u;
  let column_thread = lane % ${columnThreads}u;
  ${lines(leftReads, (read) => `let leftStart${read} = (item * sizes.rows + min(firstRow + ${slotOf(read)}, rowsHere - 1u)) * sizes.hidden; var left${read} = vec4<f32>();`)}
  ${lines(rightReads, (read) => `let key${read} = ${slotOf(read)}; let rightStart${read} = (item * sizes.sequence + min(firstKey + key${read}, sizes.sequence - 1u)) * sizes.hidden; var right${read} = vec4<f32>();`)}
  ${ownRows.map((row) => `var scores${row} = vec4<f32>();`).join(" ")}
  ${readAll("0u")}
  for (var first = 0u; first < sizes.vectors; first += ${stagedVectors}u) {
    workgroupBarrier();
    ${lines(leftReads, (read) => ifLeft(read, `left_tile[${slotOf(read)} * ${stride}u + vector] = left${read};`))}
    ${lines(rightReads, (read) => `right_tile[(key${read} % 4u * ${columnThreads}u + key${read} / 4u) * ${stride}u + vector] = right${read};`)}
    workgroupBarrier();
    ${readAll(`first + ${stagedVectors}u`)}
    let steps = min(${stagedVectors}u, sizes.vectors - first);
    for (var step = 0u; step < steps; step++) {
      ${lines(ownKeys, (key) => `let r${key} = right_tile[(column_thread + ${key * columnThreads}u) * ${stride}u + step];`)}
      ${lines(ownRows, (row) => `{ let l = left_tile[(row_thread + ${row * rowThreads}u) * ${stride}u + step]; scores${row} += vec4<f32>(${ownKeys.map((key) => `dot(l, r${key})`).join(", ")}); }`)}
    }
  }
  let key = firstKey + column_thread * 4u;
  let codesStart = batchItem * sizes.sequence;
  let visible = vec4<bool>(${ownKeys.map((one) => `seen(codesStart, key + ${one}u)`).join(", ")});
  ${lines(
    ownRows,
    (row) => `scores${row} = select(vec4<f32>(unseen), scores${row} * sizes.scale, visible);
  shares[(row_thread + ${row * rowThreads}u) * ${columnThreads / 4}u + column_thread / 4u][column_thread % 4u] = max(max(scores${row}.x, scores${row}.y), max(scores${row}.z, scores${row}.w));
  if (firstRow + row_thread + ${row * rowThreads}u < rowsHere) { scores[((item * sizes.rows + firstRow + row_thread + ${row * rowThreads}u) * sizes.keyTiles * ${tileColumns}u + key) / 4u] = scores${row}; }`,
  )}
  workgroupBarrier();
  if (lane < ${rows}u && firstRow + lane < rowsHere) {
    let found = ${upTo(columnThreads / 4)
      .map((four) => `shares[lane * ${columnThreads / 4}u + ${four}u]`)
      .reduce((left, right) => `max(${left}, ${right})`)};
    tops[(item * sizes.rows + firstRow + lane) * sizes.keyTiles + group.x] = max(max(found.x, found.y), max(found.z, found.w));
  }
}`,
  };
}
