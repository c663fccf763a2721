// Heads of global tokens attend to hidden states in the re-associated form, on matrix units, in one kernel that goes over the keys of a split once; for each split
//
//     s[row, j]    = scale · folded[row] · hidden[j]   where token j is not masked
//     top[row]     = max_j s[row, j]
//     sum[row]     = Σ_j exp(s[row, j] - top[row])
//     partial[row] = Σ_j exp(s[row, j] - top[row]) · hidden[j]
//
// Rows count the heads of global tokens. A workgroup has 32 rows and all keys of a split, whose scores it keeps: first each subgroup makes those of 16 keys of its own,
// then all turn them into probabilities, then each subgroup has its own elements of the sums. Between these there are three barriers, where
// `matrix-joint.ts` has five for each 16 keys. Both products load folded queries and hidden states from where they lie; or, `staged`, by way of workgroup memory: some
// elements of all keys at a time, then all elements of 16 keys, the next ones on their way meanwhile.
// The last 16 keys of a sequence may begin before they are due, so that nothing behind the sequence is read: keys that were had already are then not seen.
// Shapes: folded `[items, rows, hidden]`, hidden `[items, sequence, hidden]`, both float16; codes `[batch, sequence]`; tokens `[batch, tokensStride]`;
// partial sums `[items, splits, rows, hidden]`, statistics (top and sum) `[items, splits, rows, 2]`, both float32. There is room for a multiple
// of 32 rows of an item; those of tokens that it does not have are anything. A sequence has at least 16 tokens, a split at most `keys`.
// Grid: [splits, ⌈rows / 32⌉, items].
// Source: FlashAttention-2 (Dao, arXiv 2307.08691), where keys are split among workgroups; keys that are the values too as in FlashMLA (DeepSeek); the
// arrangement is our own.
import type { MatrixUnits } from "../../kernel/device-facts.ts";
import { entryPoint } from "../parts/bindings.ts";
import { matrixPrimitives } from "../matrix/index.ts";
import { lines, upTo } from "../parts/lines.ts";
import { declareJoint, enterJoint, storeJointSums } from "./joint-code.ts";
import { jointKeys, jointRows, sweepFields, sweepMemory, type SweepTiling } from "./joint-tiling.ts";

/** Tiles of 16 keys whose elements are under way together, at most, where sums load from where they lie: registers hold that many. */
const aheadOfSums = 3;

export function matrixSweepKernelCode(tiling: SweepTiling, hidden: number, units: MatrixUnits): string {
  const { shape, subgroups, keys, elements, staged } = tiling;
  const { lanes } = units;
  const matrices = matrixPrimitives(units, shape, ["folded", "hidden", "swept", "probabilities"]);
  const invocations = subgroups * lanes;
  const { ownElements, block, blocks, scoreStride, elementStride, ownStride, probabilityStride } = sweepMemory(tiling, hidden, lanes);
  const eights = hidden / 8;
  const tileCount = keys / jointKeys;
  /** Invocations that share a row's probabilities, and the eights of keys of each: every so many. */
  const perRow = invocations / jointRows;
  const ownEights = upTo(keys / 8 / perRow);
  const rowTiles = upTo(jointRows / shape.rows);
  const keyTiles = upTo(jointKeys / shape.columns);
  const outColumns = upTo(ownElements / shape.columns);
  const inKeys = upTo(jointKeys / shape.inner);
  const addScores = (left: (row: number) => string, right: (column: number) => string): string =>
    lines(rowTiles, (row) =>
      lines(keyTiles, (column) => `score_${row}_${column} = ${matrices.multiplyAdd(left(row), right(column), `score_${row}_${column}`)};`),
    );
  const addSums = (left: (row: number) => string, right: (column: number) => string): string =>
    lines(rowTiles, (row) =>
      lines(outColumns, (column) => `out_${row}_${column} = ${matrices.multiplyAdd(left(row), right(column), `out_${row}_${column}`)};`),
    );
  const noScores = lines(rowTiles, (row) => keyTiles.map((column) => `var score_${row}_${column} = ${matrices.zero};`).join(" "));
  const storeScores = (tile: string): string =>
    lines(rowTiles, (row) =>
      lines(keyTiles, (column) =>
        matrices.store(
          `swept[${tile}]`,
          `${row * shape.rows * scoreStride + column * shape.columns}u`,
          `${scoreStride}u`,
          `score_${row}_${column}`,
        ),
      ),
    );
  const loadProbabilities = (name: (row: number, one: number) => string, tile: string): string =>
    lines(inKeys, (one) =>
      lines(
        rowTiles,
        (row) =>
          `let ${name(row, one)} = ${matrices.loadLeft("probabilities", `${row * shape.rows * probabilityStride + one * shape.inner}u + (${tile}) * ${jointKeys}u`, `${probabilityStride}u`)};`,
      ),
    );

  const steps = upTo(elements / shape.inner);
  const scoresInPlace = `for (var tile = subgroup; tile < tiles; tile += ${subgroups}u) {
    let keys_begin = (item * sizes.sequence + first_of_tile(firstKey, tile)) * ${hidden}u;
    ${noScores}
    for (var element = 0u; element < sizes.hidden; element += ${elements}u) {
      ${lines(steps, (step) => [
        ...keyTiles.map(
          (column) =>
            `let right_${step}_${column} = ${matrices.loadRight("hidden", `keys_begin + ${column * shape.columns * hidden + step * shape.inner}u + element`, `${hidden}u`, "columns")};`,
        ),
        ...rowTiles.map(
          (row) =>
            `let left_${step}_${row} = ${matrices.loadLeft("folded", `rows_begin + ${row * shape.rows * hidden + step * shape.inner}u + element`, `${hidden}u`)};`,
        ),
      ])}
      ${lines(steps, (step) =>
        addScores(
          (row) => `left_${step}_${row}`,
          (column) => `right_${step}_${column}`,
        ),
      )}
    }
    ${storeScores("tile")}
  }
  workgroupBarrier();`;

  const tilesAhead = upTo(largestDivisor(tileCount, Math.min(aheadOfSums, elements / jointKeys)));
  const sumsInPlace = `for (var tile = 0u; tile < tiles; tile += ${tilesAhead.length}u) {
    ${lines(tilesAhead, (ahead) => [
      `let place_${ahead} = (item * sizes.sequence + first_of_tile(firstKey, tile + ${ahead}u)) * ${hidden}u + subgroup * ${ownElements}u;`,
      ...inKeys.flatMap((one) =>
        outColumns.map(
          (column) =>
            `let right_${ahead}_${one}_${column} = ${matrices.loadRight("hidden", `place_${ahead} + ${one * shape.inner * hidden + column * shape.columns}u`, `${hidden}u`)};`,
        ),
      ),
    ])}
    ${lines(
      tilesAhead,
      (ahead) => `{
      ${loadProbabilities((row, one) => `left_${row}_${one}`, `tile + ${ahead}u`)}
      ${lines(inKeys, (one) =>
        addSums(
          (row) => `left_${row}_${one}`,
          (column) => `right_${ahead}_${one}_${column}`,
        ),
      )}
    }`,
    )}
  }`;

  // Some elements at a time of the keys of a subgroup, and of all rows.
  const elementEights = elements / 8;
  const keyReads = upTo((jointKeys * elementEights) / lanes);
  const keyAt = (read: number): string => `(lane % ${lanes}u + ${read * lanes}u)`;
  const rowReads = upTo(Math.ceil((jointRows * elementEights) / invocations));
  const laneAt = (read: number): string => `(lane + ${read * invocations}u)`;
  const guarded = (read: number, statement: string): string =>
    (read + 1) * invocations <= jointRows * elementEights
      ? statement
      : `if (${laneAt(read)} < ${jointRows * elementEights}u) { ${statement} }`;
  const readElements = (element: string): string =>
    [
      ...keyReads.map(
        (read) =>
          `next_key_${read} = hidden[(item * sizes.sequence + first_of_tile(firstKey, subgroup) + ${keyAt(read)} / ${elementEights}u) * ${eights}u + (${element}) / 8u + ${keyAt(read)} % ${elementEights}u];`,
      ),
      ...rowReads.map((read) =>
        guarded(
          read,
          `next_row_${read} = folded[rows_begin / 8u + ${laneAt(read)} / ${elementEights}u * ${eights}u + (${element}) / 8u + ${laneAt(read)} % ${elementEights}u];`,
        ),
      ),
    ].join("\n");
  const stageElements = [
    ...keyReads.map(
      (read) =>
        `swept[subgroup][${keyAt(read)} / ${elementEights}u * ${elementStride / 8}u + ${keyAt(read)} % ${elementEights}u] = next_key_${read};`,
    ),
    ...rowReads.map((read) =>
      guarded(
        read,
        `probabilities[${laneAt(read)} / ${elementEights}u * ${elementStride / 8}u + ${laneAt(read)} % ${elementEights}u] = next_row_${read};`,
      ),
    ),
  ].join("\n");
  const scoresStaged = `${[...keyReads.map((read) => `var next_key_${read} = vec4<u32>();`), ...rowReads.map((read) => `var next_row_${read} = vec4<u32>();`)].join(" ")}
  ${readElements("0u")}
  ${noScores}
  for (var element = 0u; element < sizes.hidden; element += ${elements}u) {
    ${stageElements}
    workgroupBarrier();
    ${readElements(`min(element + ${elements}u, ${hidden - elements}u)`)}
    ${lines(
      upTo(elements / shape.inner),
      (step) => `{
      ${lines(rowTiles, (row) => `let left_${row} = ${matrices.loadLeft("probabilities", `${row * shape.rows * elementStride + step * shape.inner}u`, `${elementStride}u`)};`)}
      ${lines(keyTiles, (column) => `let right_${column} = ${matrices.loadRight("swept[subgroup]", `${column * shape.columns * elementStride + step * shape.inner}u`, `${elementStride}u`, "columns")};`)}
      ${addScores(
        (row) => `left_${row}`,
        (column) => `right_${column}`,
      )}
    }`,
    )}
    workgroupBarrier();
  }
  if (subgroup < ${tileCount}u) {
    ${storeScores("subgroup")}
  }
  workgroupBarrier();`;

  // All elements of 16 keys at a time: of each subgroup's, a block.
  const tileReads = upTo((jointKeys * eights) / invocations);
  const readKeys = (tile: string): string =>
    lines(
      tileReads,
      (read) =>
        `next_${read} = hidden[(item * sizes.sequence + first_of_tile(firstKey, ${tile}) + ${laneAt(read)} / ${eights}u) * ${eights}u + ${laneAt(read)} % ${eights}u];`,
    );
  const stageKeys = lines(
    tileReads,
    (read) =>
      `swept[${laneAt(read)} % ${eights}u / ${ownElements / 8}u][${laneAt(read)} / ${eights}u * ${ownStride / 8}u + ${laneAt(read)} % ${eights}u % ${ownElements / 8}u] = next_${read};`,
  );
  const sumsStaged = `for (var tile = 0u; tile < tiles; tile++) {
    ${stageKeys}
    workgroupBarrier();
    ${readKeys("tile + 1u")}
    ${loadProbabilities((row, one) => `left_${row}_${one}`, "tile")}
    ${lines(inKeys, (one) => [
      ...outColumns.map(
        (column) =>
          `let right_${one}_${column} = ${matrices.loadRight("swept[subgroup]", `${one * shape.inner * ownStride + column * shape.columns}u`, `${ownStride}u`)};`,
      ),
      addSums(
        (row) => `left_${row}_${one}`,
        (column) => `right_${one}_${column}`,
      ),
    ])}
    workgroupBarrier();
  }`;

  return `${matrices.directives}
${declareJoint(sweepFields)}
/** The scores of 16 keys, a block each; what is staged lies there, too, before and after. */
var<workgroup> swept: array<array<vec4<u32>, ${block / 8}>, ${blocks}>;
/** Before there are probabilities, what is staged of rows. */
var<workgroup> probabilities: array<vec4<u32>, ${(jointRows * probabilityStride) / 8}>;
var<workgroup> seen: array<vec4<u32>, ${keys / 4}>;
var<workgroup> tops: array<f32, ${invocations}>;
var<workgroup> sums: array<f32, ${invocations}>;
${matrices.declarations([
  { name: "folded", element: "f16" },
  { name: "hidden", element: "f16" },
  { name: "swept", element: "f16", block },
  { name: "swept", element: "f32", block: block / 2 },
  { name: "probabilities", element: "f16" },
  { name: "partials", element: "f32" },
])}
fn first_of_tile(first: u32, tile: u32) -> u32 { return min(first + tile * ${jointKeys}u, sizes.sequence - ${jointKeys}u); }

${entryPoint(invocations)}
  ${enterJoint(matrices)}
  let rows_begin = (item * sizes.rows + firstRow) * ${hidden}u;
  let firstKey = group.x * sizes.splitKeys;
  let endKey = max(firstKey, min(firstKey + sizes.splitKeys, length));
  let tiles = (endKey - firstKey + ${jointKeys - 1}u) / ${jointKeys}u;
  for (var four = lane; four < ${keys / 4}u; four += ${invocations}u) {
    let due = firstKey + four / 4u * ${jointKeys}u;
    let key = vec4<u32>(first_of_tile(firstKey, four / 4u) + four % 4u * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    let codes_begin = batchItem * sizes.sequence;
    let code = vec4<i32>(${upTo(4)
      .map((one) => `codes[codes_begin + key[${one}]]`)
      .join(", ")});
    seen[four] = select(vec4<u32>(), vec4<u32>(1u), (key >= vec4<u32>(due)) & (key < vec4<u32>(endKey)) & (code != vec4<i32>()));
  }
  ${staged ? scoresStaged : scoresInPlace}
  ${staged ? `${tileReads.map((read) => `var next_${read} = vec4<u32>();`).join(" ")}\n  ${readKeys("0u")}` : ""}
  let own_row = lane / ${perRow}u;
  let own_part = lane % ${perRow}u;
  let row_exists = vec4<bool>(firstRow + own_row < rowsHere);
  ${lines(ownEights, (own) => [
    `let eight_${own} = own_part + ${own * perRow}u;`,
    ...upTo(2).map(
      (half) =>
        `let seen_score_${own}_${half} = select(vec4<f32>(unseen), bitcast<vec4<f32>>(swept[eight_${own} / 2u][own_row * ${scoreStride / 4}u + eight_${own} % 2u * 2u + ${half}u]) * sizes.scale, row_exists & (seen[2u * eight_${own} + ${half}u] != vec4<u32>()));`,
    ),
  ])}
  let highest = ${ownEights.flatMap((own) => upTo(2).map((half) => `seen_score_${own}_${half}`)).reduce((left, right) => `max(${left}, ${right})`)};
  tops[lane] = max(max(highest.x, highest.y), max(highest.z, highest.w));
  workgroupBarrier();
  var top = lowestTop;
  ${lines(upTo(perRow), (part) => `top = max(top, tops[own_row * ${perRow}u + ${part}u]);`)}
  var sum = vec4<f32>();
  ${lines(ownEights, (own) => [
    ...upTo(2).map((half) => `let probability_${own}_${half} = vec4<f16>(exp(seen_score_${own}_${half} - top));`),
    `sum += vec4<f32>(probability_${own}_0) + vec4<f32>(probability_${own}_1);`,
    `probabilities[own_row * ${probabilityStride / 8}u + eight_${own}] = vec4<u32>(bitcast<vec2<u32>>(probability_${own}_0), bitcast<vec2<u32>>(probability_${own}_1));`,
  ])}
  sums[lane] = dot(sum, vec4<f32>(1.0));
  workgroupBarrier();
  let row_of_split = (item * sizes.splits + group.x) * sizes.rows + firstRow;
  if (own_part == 0u) {
    statistics[row_of_split + own_row] = vec2<f32>(top, ${upTo(perRow)
      .map((part) => `sums[lane + ${part}u]`)
      .join(" + ")});
  }
  ${lines(rowTiles, (row) => outColumns.map((column) => `var out_${row}_${column} = ${matrices.zero};`).join(" "))}
  ${staged ? sumsStaged : sumsInPlace}
  ${storeJointSums(matrices, hidden, ownElements)}
}`;
}

/** The largest divisor of a number that is no more than `most`. */
function largestDivisor(of: number, most: number): number {
  let divisor = most;
  while (of % divisor !== 0) divisor--;
  return divisor;
}
