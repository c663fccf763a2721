// Attention of a task's rows, for GPUs with subgroups:
//
//     output[row] = Σ_j softmax_j(scale · query[row] · key[j]) · value[j]
//
// Shapes: those of the task's buffers; a head's vectors lie in the last axis, a multiple of 16 elements. Four invocations in a row (a quad) share
// four rows: each holds every fourth vector of their queries and sums in registers, so that what it reads of a key serves four rows; the
// scores' parts are added within the quad. A workgroup copies a tile of keys and values to its memory together, at most 16 KiB. Subgroups may
// be of any size: quads are never cut.
// Grid: [⌈rows of the task / rows of a workgroup⌉ (and splits of the keys), heads, batch].
// Source: FlashAttention (Dao et al., arXiv 2205.14135); the arrangement is our own.
import type { Kernel } from "../../kernel/kernel.ts";
import { entryPoint } from "../parts/bindings.ts";
import { lines, upTo } from "../parts/lines.ts";
import type { AttentionTask } from "./attention-task.ts";
import { softmaxConstants, softmaxState, softmaxStep } from "./softmax-step.ts";

/** How many invocations, and rows, a workgroup has, and how many keys it stages and takes in a step. Plain data; `name` says all of it. */
export interface QuadTiling {
  readonly kind: "quads";
  readonly name: string;
  readonly rows: number;
  readonly stagedKeys: number;
  /** Divides `stagedKeys`. */
  readonly keys: number;
}

export function quadTiling(rows: number, stagedKeys: number, keys: number): QuadTiling {
  return { kind: "quads", name: `quads-${rows}x${stagedKeys}-${keys}`, rows, stagedKeys, keys };
}

/** Whether heads of so many elements can be dealt out to quads. */
export function fitsQuads({ stagedKeys }: QuadTiling, length: number, workgroupBytes: number): boolean {
  return length % 16 === 0 && stagedKeys * (8 * length + 8) <= workgroupBytes;
}

/** Invocations and rows of a quad. */
const quad = 4;

export function quadsKernel(task: AttentionTask, { name, rows, stagedKeys, keys }: QuadTiling): Kernel {
  const vectors = task.length / 4;
  const own = vectors / quad;
  const ownRows = upTo(quad);
  const step = softmaxStep({
    rows: quad,
    keys,
    vectors: `${own}u`,
    query: (row, vector) => `queries[${row * own}u + ${vector}]`,
    key: (key, vector) => `tileKeys[(first + ${key}u) * ${vectors}u + ${vector} * ${quad}u + part]`,
    value: (key, vector) => `tileValues[(first + ${key}u) * ${vectors}u + ${vector} * ${quad}u + part]`,
    output: (row, vector) => `outputs[${row * own}u + ${vector}]`,
    setOutput: (row, vector, value) => `outputs[${row * own}u + ${vector}] = ${value};`,
    wholeScore: (score) => `${score} += quadSwapX(${score}); ${score} += quadSwapY(${score});`,
    sees: (row, key) => `row + ${row}u - low[first + ${key}u] < span[first + ${key}u]`,
  });
  return {
    name: `${task.name}-${name}`,
    access: task.access,
    code: `enable subgroups;
diagnostic(off, subgroup_uniformity);
${task.declarations}
${softmaxConstants}
var<workgroup> tileKeys: array<vec4<f32>, ${stagedKeys * vectors}>;
var<workgroup> tileValues: array<vec4<f32>, ${stagedKeys * vectors}>;
var<workgroup> low: array<u32, ${stagedKeys}>;
var<workgroup> span: array<u32, ${stagedKeys}>;

${entryPoint(rows)}
  let work = work_of(group, ${rows}u);
  let part = lane % ${quad}u;
  let row = work.firstRow + lane - part;
  ${softmaxState(quad)}
  var queries: array<vec4<f32>, ${quad * own}>;
  var outputs: array<vec4<f32>, ${quad * own}>;
  ${lines(
    ownRows,
    (one) => `if (wanted(work, row + ${one}u)) {
    let start = query_start(work, row + ${one}u);
    for (var vector = 0u; vector < ${own}u; vector++) { queries[${one * own}u + vector] = read_query(start, vector * ${quad}u + part) * sizes.scale; }
  }`,
  )}
  for (var place = 0u; place < work.keyCount; place += ${stagedKeys}u) {
    workgroupBarrier();
    for (var item = lane; item < ${stagedKeys * vectors}u; item += ${rows}u) {
      let start = key_at(work, place + item / ${vectors}u).start;
      tileKeys[item] = read_key(start, item % ${vectors}u);
      tileValues[item] = read_value(start, item % ${vectors}u);
    }
    for (var item = lane; item < ${stagedKeys}u; item += ${rows}u) {
      let key = key_at(work, place + item);
      low[item] = key.low;
      span[item] = key.span;
    }
    workgroupBarrier();
    let staged = min(${stagedKeys}u, work.keyCount - place);
    for (var first = 0u; first < staged; first += ${keys}u) {
      ${step}
    }
  }
  ${lines(
    ownRows,
    (one) => `if (written(work, row + ${one}u)) {
    if (part == 0u) { record(work, row + ${one}u, top${one}, sum${one}); }
    let start = output_start(work, row + ${one}u);
    let factor = output_factor(work, row + ${one}u, sum${one});
    for (var vector = 0u; vector < ${own}u; vector++) { write_output(start, vector * ${quad}u + part, outputs[${one * own}u + vector] * factor); }
  }`,
  )}
}`,
  };
}
