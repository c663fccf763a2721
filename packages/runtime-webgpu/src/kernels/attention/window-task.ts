import { attentionTokens } from "./attention-tokens.ts";
import { keyStruct, type AttentionTask } from "./attention-task.ts";
import { declareUniforms } from "./uniforms.ts";
import { vectorBuffer, vectorReader, vectorWriter } from "./vectors.ts";

export interface WindowTaskOptions {
  readonly headSize: number;
  /** Whether vectors of heads start at multiples of 4 elements. */
  readonly aligned: boolean;
  /** Whether the highest score and the sum of each row are kept, for `window-probabilities.ts`. */
  readonly statistics: boolean;
}

export const windowFields = {
  sequence: "u32",
  hidden: "u32",
  /** Of four elements, in a head. */
  vectors: "u32",
  scale: "f32",
  oneSided: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

/**
 * Local tokens attend to the local tokens of their window and to all global tokens of their item of the batch, each key once.
 *
 * Buffers: query, key, value `[items, sequence, hidden]`; codes `[batch, sequence]` (0 masked, 1 local, 2 global); tokens
 * `[batch, tokensStride]` (`attention-tokens.ts`); context `[items, sequence, hidden]`; with `statistics`, these
 * `[items, heads, sequence, 2]`. The items are those of the batch from `firstItem` on. Rows of global tokens are not written, those of
 * masked ones become 0. Grid: [⌈sequence / rows of a workgroup⌉, heads, items].
 *
 * The keys of a workgroup: first the global tokens, then all tokens from the window of its first row to that of its last, of which those
 * that are not local count as unseen.
 */
export function windowTask({ headSize, aligned, statistics }: WindowTaskOptions): AttentionTask {
  const floats = vectorBuffer(aligned);
  return {
    name: statistics ? "window-attention-statistics" : "window-attention",
    length: headSize,
    access: ["read", "read", "read", "read", "read", "write", ...(statistics ? (["write"] as const) : [])],
    declarations: `${declareUniforms(windowFields)}
@group(0) @binding(1) var<storage, read> query: ${floats};
@group(0) @binding(2) var<storage, read> key: ${floats};
@group(0) @binding(3) var<storage, read> value: ${floats};
@group(0) @binding(4) var<storage, read> codes: array<i32>;
@group(0) @binding(5) var<storage, read> tokens: array<i32>;
@group(0) @binding(6) var<storage, read_write> context: ${floats};
${statistics ? "@group(0) @binding(7) var<storage, read_write> statistics: array<vec2<f32>>;" : ""}
const headSize = ${headSize}u;
${keyStruct}
struct Work { item: u32, codes: u32, positions: u32, head: u32, firstRow: u32, firstKey: u32, globals: u32, keyCount: u32 }
${vectorReader("read_query", "query", aligned, "headSize")}
${vectorReader("read_key", "key", aligned, "headSize")}
${vectorReader("read_value", "value", aligned, "headSize")}
${vectorReader("read_output", "context", aligned, "headSize")}
${vectorWriter("write_output", "context", aligned, "headSize")}

fn work_of(group: vec3<u32>, rows: u32) -> Work {
  let batchItem = sizes.firstItem + group.z;
  let list = batchItem * sizes.tokensStride;
  let globals = u32(tokens[list + ${attentionTokens.globals}u]);
  let length = u32(tokens[list + ${attentionTokens.length}u]);
  let firstRow = group.x * rows;
  let firstKey = firstRow - min(firstRow, sizes.oneSided);
  let keys = min(length, firstRow + rows + sizes.oneSided) - firstKey;
  let keyCount = select(0u, globals + keys, firstRow < length);
  return Work(group.z, batchItem * sizes.sequence, list + ${attentionTokens.positions}u, group.y, firstRow, firstKey, globals, keyCount);
}

fn start_of(work: Work, token: u32) -> u32 { return (work.item * sizes.sequence + token) * sizes.hidden + work.head * headSize; }

fn key_at(work: Work, place: u32) -> Key {
  if (place < work.globals) { return Key(start_of(work, u32(tokens[work.positions + place])), 0u, 0xffffffffu); }
  let token = work.firstKey + place - work.globals;
  if (place >= work.keyCount || codes[work.codes + token] != 1) { return Key(start_of(work, 0u), 0u, 0u); }
  return Key(start_of(work, token), token - sizes.oneSided, 2u * sizes.oneSided + 1u);
}

fn wanted(work: Work, row: u32) -> bool { return row < sizes.sequence && codes[work.codes + row] == 1; }
fn query_start(work: Work, row: u32) -> u32 { return start_of(work, row); }
fn written(work: Work, row: u32) -> bool { return row < sizes.sequence && codes[work.codes + row] != 2; }
fn output_start(work: Work, row: u32) -> u32 { return start_of(work, row); }
fn output_factor(work: Work, row: u32, sum: f32) -> f32 { return select(0.0, 1.0 / sum, wanted(work, row)); }
fn record(work: Work, row: u32, top: f32, sum: f32) {
  ${statistics ? "statistics[(work.item * (sizes.hidden / headSize) + work.head) * sizes.sequence + row] = vec2<f32>(top, sum);" : ""}
}`,
  };
}
