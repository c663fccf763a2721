// Attention of a task's rows, for GPUs with room in their workgroup memory:
//
//     output[row] = Σ_j softmax_j(scale · query[row] · key[j]) · value[j]
//
// Shapes: those of the task's buffers; a head's vectors lie in the last axis. A workgroup stages its queries once, then a tile of keys and
// values at a time. Both products are cut like a matrix product's: an invocation computes the scores of `threadRows` rows and 4 keys, and
// later the sums of the same rows and every `columnThreads`-th vector of the output, so that each vector read from workgroup memory serves
// several rows. Probabilities pass through the memory of the tile's keys, which nobody needs any more by then.
// Rows agree on their highest score through workgroup memory; nothing of subgroups is assumed. The sums of probabilities are joined at the end.
// No loop has a constant bound: Mesa would unroll it, and take a minute for it.
// Grid: [⌈rows of the task / (rowThreads · threadRows)⌉ (and splits of the keys), heads, batch].
// Source: FlashAttention (Dao et al., arXiv 2205.14135); the cut into invocations is that of `linear/tile-kernel.ts`.
import type { DeviceLimits } from "../../kernel/device-facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { entryPoint } from "../parts/bindings.ts";
import { lines, upTo } from "../parts/lines.ts";
import type { AttentionTask } from "./attention-task.ts";
import { softmaxConstants } from "./softmax-step.ts";

/** How the work of a workgroup is cut. Plain data; `name` says all of it. */
export interface TileAttentionTiling {
  readonly kind: "tile";
  readonly name: string;
  /** Invocations along the rows, and along the keys and the vectors of the output; the latter a multiple of 4. */
  readonly rowThreads: number;
  readonly columnThreads: number;
  /** Rows of each invocation. */
  readonly threadRows: number;
}

export function tileAttentionTiling(rowThreads: number, columnThreads: number, threadRows: number): TileAttentionTiling {
  const name = `tile-${rowThreads * threadRows}x${4 * columnThreads}-${rowThreads * columnThreads}`;
  return { kind: "tile", name, rowThreads, columnThreads, threadRows };
}

/** Keys of each invocation, which its probabilities are written by. */
const threadKeys = 4;

/** Of workgroup memory, in vectors of 4: see the declarations below. Rows are one vector longer, so that neighbours lie in other banks. */
function tileVectors({ rowThreads, columnThreads, threadRows }: TileAttentionTiling, length: number) {
  const vectors = Math.ceil(length / 4);
  const rows = rowThreads * threadRows;
  const keys = threadKeys * columnThreads;
  const stride = vectors + 1 - (vectors % 2);
  const probabilityStride = columnThreads + 1;
  return {
    vectors,
    rows,
    keys,
    stride,
    probabilityStride,
    queryTile: rows * stride,
    keyTile: Math.max(keys * stride, rows * probabilityStride),
    valueTile: keys * vectors,
    tops: (rows * columnThreads) / 4,
  };
}

/** Whether a device can run it for vectors of so many elements. */
export function fitsTileAttention(tiling: TileAttentionTiling, length: number, limits: DeviceLimits): boolean {
  const { keys, queryTile, keyTile, valueTile, tops } = tileVectors(tiling, length);
  const invocations = tiling.rowThreads * tiling.columnThreads;
  return (
    16 * (queryTile + keyTile + valueTile + tops) + 8 * keys <= limits.maxComputeWorkgroupStorageSize &&
    invocations <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX)
  );
}

export function tileAttentionKernel(task: AttentionTask, tiling: TileAttentionTiling): Kernel {
  const { rowThreads, columnThreads, threadRows } = tiling;
  const { vectors, rows, keys, stride, probabilityStride, queryTile, keyTile, valueTile, tops } = tileVectors(tiling, task.length);
  const invocations = rowThreads * columnThreads;
  const ownRows = upTo(threadRows);
  const ownKeys = upTo(threadKeys);
  const columns = upTo(Math.ceil(vectors / columnThreads));
  const topsOfRow = upTo(columnThreads / 4);
  const tileRow = (row: number): string => `(row_thread + ${row * rowThreads}u)`;
  /** Whether every invocation has a vector in this column of the output, or only the first few. */
  const ifColumn = (column: number, statements: string): string =>
    (column + 1) * columnThreads <= vectors
      ? statements
      : `if (column_thread + ${column * columnThreads}u < ${vectors}u) { ${statements} }`;
  return {
    name: `${task.name}-${tiling.name}`,
    access: task.access,
    code: `${task.declarations}
${softmaxConstants}
var<workgroup> queries: array<vec4<f32>, ${queryTile}>;
var<workgroup> keys_then_probabilities: array<vec4<f32>, ${keyTile}>;
var<workgroup> values: array<vec4<f32>, ${valueTile}>;
var<workgroup> shares: array<vec4<f32>, ${tops}>;
var<workgroup> low: array<u32, ${keys}>;
var<workgroup> span: array<u32, ${keys}>;

${entryPoint(invocations)}
  let work = work_of(group, ${rows}u);
  let row_thread = lane / ${columnThreads}u;
  let column_thread = lane % ${columnThreads}u;
  for (var item = lane; item < ${rows}u * sizes.vectors; item += ${invocations}u) {
    let row = work.firstRow + item / sizes.vectors;
    let vector = item % sizes.vectors;
    var read = vec4<f32>();
    if (wanted(work, row)) { read = read_query(query_start(work, row), vector) * sizes.scale; }
    queries[item / sizes.vectors * ${stride}u + vector] = read;
  }
  ${lines(ownRows, (row) => `var top${row} = lowestTop; var sum${row} = 0.0; ${columns.map((column) => `var out${row}_${column} = vec4<f32>();`).join(" ")}`)}
  for (var place = 0u; place < work.keyCount; place += ${keys}u) {
    workgroupBarrier();
    for (var item = lane; item < ${keys}u * sizes.vectors; item += ${invocations}u) {
      let key = item / sizes.vectors;
      let vector = item % sizes.vectors;
      let start = key_at(work, place + key).start;
      keys_then_probabilities[(key % ${threadKeys}u * ${columnThreads}u + key / ${threadKeys}u) * ${stride}u + vector] = read_key(start, vector);
      values[key * ${vectors}u + vector] = read_value(start, vector);
    }
    for (var item = lane; item < ${keys}u; item += ${invocations}u) {
      let key = key_at(work, place + item);
      low[item] = key.low;
      span[item] = key.span;
    }
    workgroupBarrier();
    ${ownRows.map((row) => `var scores${row} = vec4<f32>();`).join(" ")}
    for (var vector = 0u; vector < sizes.vectors; vector++) {
      ${lines(ownKeys, (key) => `let key${key} = keys_then_probabilities[(column_thread + ${key * columnThreads}u) * ${stride}u + vector];`)}
      ${lines(
        ownRows,
        (row) =>
          `{ let query = queries[${tileRow(row)} * ${stride}u + vector]; scores${row} += vec4<f32>(${ownKeys.map((key) => `dot(query, key${key})`).join(", ")}); }`,
      )}
    }
    let lows = vec4<u32>(${ownKeys.map((key) => `low[column_thread * ${threadKeys}u + ${key}u]`).join(", ")});
    let spans = vec4<u32>(${ownKeys.map((key) => `span[column_thread * ${threadKeys}u + ${key}u]`).join(", ")});
    ${lines(
      ownRows,
      (row) =>
        `scores${row} = select(vec4<f32>(unseen), scores${row}, vec4<u32>(work.firstRow + ${tileRow(row)}) - lows < spans);
    shares[${tileRow(row)} * ${columnThreads / 4}u + column_thread / 4u][column_thread % 4u] = max(max(scores${row}.x, scores${row}.y), max(scores${row}.z, scores${row}.w));`,
    )}
    workgroupBarrier();
    ${lines(
      ownRows,
      (row) => `{
      let tops = ${topsOfRow.map((four) => `shares[${tileRow(row)} * ${columnThreads / 4}u + ${four}u]`).reduce((left, right) => `max(${left}, ${right})`)};
      let newTop = max(top${row}, max(max(tops.x, tops.y), max(tops.z, tops.w)));
      let fade = exp(top${row} - newTop);
      let probabilities = exp(scores${row} - newTop);
      sum${row} = sum${row} * fade + dot(probabilities, vec4<f32>(1.0));
      top${row} = newTop;
      ${columns.map((column) => `out${row}_${column} *= fade;`).join(" ")}
      keys_then_probabilities[${tileRow(row)} * ${probabilityStride}u + column_thread] = probabilities;
    }`,
    )}
    workgroupBarrier();
    let fours = min(${columnThreads}u, (work.keyCount - place + ${threadKeys - 1}u) / ${threadKeys}u);
    for (var four = 0u; four < fours; four++) {
      ${lines(ownRows, (row) => `let p${row} = keys_then_probabilities[${tileRow(row)} * ${probabilityStride}u + four];`)}
      ${lines(columns, (column) =>
        ifColumn(
          column,
          `${lines(ownKeys, (key) => `let v${column}_${key} = values[(four * ${threadKeys}u + ${key}u) * ${vectors}u + column_thread + ${column * columnThreads}u];`)}
      ${lines(ownRows, (row) => `out${row}_${column} += p${row}.x * v${column}_0 + p${row}.y * v${column}_1 + p${row}.z * v${column}_2 + p${row}.w * v${column}_3;`)}`,
        ),
      )}
    }
  }
  workgroupBarrier();
  ${lines(ownRows, (row) => `shares[${tileRow(row)} * ${columnThreads / 4}u + column_thread / 4u][column_thread % 4u] = sum${row};`)}
  workgroupBarrier();
  ${lines(
    ownRows,
    (row) => `{
    let row = work.firstRow + ${tileRow(row)};
    if (written(work, row)) {
      let sum = dot(${topsOfRow.map((four) => `shares[${tileRow(row)} * ${columnThreads / 4}u + ${four}u]`).join(" + ")}, vec4<f32>(1.0));
      if (column_thread == 0u) { record(work, row, top${row}, sum); }
      let factor = output_factor(work, row, sum);
      let start = output_start(work, row);
      ${lines(columns, (column) => ifColumn(column, `write_output(start, column_thread + ${column * columnThreads}u, out${row}_${column} * factor);`))}
    }
  }`,
  )}
}`,
  };
}
