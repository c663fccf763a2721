import { declareUniforms, storageBuffers } from "../parts/bindings.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { keyStruct, rowsType, type AttentionTask } from "./attention-task.ts";
import { type RowForm, vectorType, vectorReader, vectorWriter } from "./vectors.ts";

export interface WindowTaskOptions {
  readonly headSize: number;
  /** How query, key and value lie in memory, and the context. */
  readonly forms: { readonly inputs: RowForm; readonly context: RowForm };
  /** Whether the highest score and the sum of each row are kept, for `window-probabilities.ts`. */
  readonly statistics: boolean;
  /**
   * Whether keys are split among workgroups: what a split finds is kept as it is, float32, and joined by `combine-splits.ts`. Then there are
   * statistics of each split, and none for probabilities.
   */
  readonly splits: boolean;
  /** Whether all are read as float16, which they are in memory: see `AttentionTask`. */
  readonly halves: boolean;
}

export const windowFields = {
  sequence: "u32",
  hidden: "u32",
  /** Elements from one token's query, key and value to the next one's, and where the first ones begin. */
  rowStride: "u32",
  queryOffset: "u32",
  keyOffset: "u32",
  valueOffset: "u32",
  /** Of four elements, in a head. */
  vectors: "u32",
  scale: "f32",
  oneSided: "u32",
  tokensStride: "u32",
  firstItem: "u32",
  splits: "u32",
  /** Keys of a split. */
  splitKeys: "u32",
} as const;

/**
 * Local tokens attend to the local tokens of their window and to all global tokens of their item of the batch, each key once.
 *
 * Buffers: query, key, value `[items, sequence, hidden]`, which may be columns of one wider tensor; codes `[batch, sequence]` (0 masked, 1 local, 2 global); tokens
 * `[batch, tokensStride]` (`attention-tokens.ts`); context `[items, sequence, hidden]`; with `statistics`, these
 * `[items, heads, sequence, 2]`. The items are those of the batch from `firstItem` on. Rows of global tokens are not written, those of
 * masked ones become 0. Grid: [⌈sequence / rows of a workgroup⌉, heads, items].
 *
 * With `splits`: in place of the context partial sums of p · v `[items, splits, sequence, heads, headSize]`, of local tokens alone, and statistics
 * `[items, splits, sequence, heads, 2]`. Grid: [⌈sequence / rows of a workgroup⌉ · splits, heads, items].
 *
 * The keys of a workgroup: first the global tokens, then all tokens from the window of its first row to that of its last, of which those
 * that are not local count as unseen.
 */
export function windowTask({ headSize, forms, statistics, splits, halves }: WindowTaskOptions): AttentionTask {
  const rows = rowsType(forms.inputs, headSize, halves);
  const keeps = statistics || splits;
  const buffers = storageBuffers(
    { query: rows, key: rows, value: rows, codes: "i32", tokens: "i32" },
    { context: vectorType(forms.context), ...(keeps ? { statistics: "vec2<f32>" } : {}) },
  );
  return {
    name: `window-attention${statistics ? "-statistics" : splits ? "-splits" : ""}`,
    length: headSize,
    rows: [
      { name: "query", form: forms.inputs, start: "start" },
      { name: "key", form: forms.inputs, start: "sizes.keyOffset + start" },
      { name: "value", form: forms.inputs, start: "sizes.valueOffset + start" },
    ],
    narrowsQueries: false,
    access: buffers.access,
    declarations: `${declareUniforms(windowFields)}
${buffers.declarations}
const headSize = ${headSize}u;
${keyStruct}
struct Work { item: u32, codes: u32, positions: u32, head: u32, firstRow: u32, firstKey: u32, globals: u32, keyCount: u32, firstPlace: u32, split: u32 }
${halves ? "" : readVectors(forms.inputs)}
${vectorReader("read_output", "context", forms.context, "headSize")}
${vectorWriter("write_output", "context", forms.context, "headSize")}

fn work_of(group: vec3<u32>, rows: u32) -> Work {
  let batchItem = sizes.firstItem + group.z;
  let list = batchItem * sizes.tokensStride;
  let globals = u32(tokens[list + ${attentionTokens.globals}u]);
  let length = u32(tokens[list + ${attentionTokens.length}u]);
  ${splits ? "let groups = max((sizes.sequence + rows - 1u) / rows, 1u);" : ""}
  let firstRow = ${splits ? "group.x % groups" : "group.x"} * rows;
  let firstKey = firstRow - min(firstRow, sizes.oneSided);
  let keys = min(length, firstRow + rows + sizes.oneSided) - firstKey;
  let all = select(0u, globals + keys, firstRow < length);
  let split = ${splits ? "group.x / groups" : "0u"};
  let firstPlace = ${splits ? "min(split * sizes.splitKeys, all)" : "0u"};
  let keyCount = ${splits ? "min(sizes.splitKeys, all - firstPlace)" : "all"};
  return Work(group.z, batchItem * sizes.sequence, list + ${attentionTokens.positions}u, group.y, firstRow, firstKey, globals, keyCount, firstPlace, split);
}

fn start_of(work: Work, token: u32) -> u32 { return (work.item * sizes.sequence + token) * sizes.rowStride + work.head * headSize; }

fn key_at(work: Work, placeOfSplit: u32) -> Key {
  let place = ${splits ? "work.firstPlace + placeOfSplit" : "placeOfSplit"};
  if (place < work.globals) {
    return Key(start_of(work, u32(tokens[work.positions + place])), 0u, ${splits ? "select(0u, 0xffffffffu, placeOfSplit < work.keyCount)" : "0xffffffffu"});
  }
  // Where a key begins does not wait for its code: what is not seen is read all the same.
  let token = min(work.firstKey + place - work.globals, sizes.sequence - 1u);
  let seen = placeOfSplit < work.keyCount && codes[work.codes + token] == 1;
  return Key(start_of(work, token), token - sizes.oneSided, select(0u, 2u * sizes.oneSided + 1u, seen));
}

${
  halves
    ? `fn listed(work: Work) -> u32 { return ${splits ? "work.globals - min(work.globals, work.firstPlace)" : "work.globals"}; }
fn run_start(work: Work, place: u32) -> u32 {
  return start_of(work, min(work.firstKey + ${splits ? "work.firstPlace + " : ""}place - work.globals, sizes.sequence - 1u));
}`
    : ""
}
fn wanted(work: Work, row: u32) -> bool { return row < sizes.sequence && codes[work.codes + row] == 1; }
fn query_start(work: Work, row: u32) -> u32 { return sizes.queryOffset + start_of(work, row); }
${splits ? writeSplits : writeContext(statistics)}`,
  };
}

function readVectors(form: RowForm): string {
  return `${vectorReader("read_query", "query", form, "headSize")}
${vectorReader("key_vector", "key", form, "headSize")}
${vectorReader("value_vector", "value", form, "headSize")}
fn read_key(start: u32, vector: u32) -> vec4<f32> { return key_vector(sizes.keyOffset + start, vector); }
fn read_value(start: u32, vector: u32) -> vec4<f32> { return value_vector(sizes.valueOffset + start, vector); }`;
}

const writeSplits = `
fn place_of(work: Work, row: u32) -> u32 {
  return ((work.item * sizes.splits + work.split) * sizes.sequence + row) * (sizes.hidden / headSize) + work.head;
}
fn written(work: Work, row: u32) -> bool { return wanted(work, row); }
fn output_start(work: Work, row: u32) -> u32 { return place_of(work, row) * headSize; }
fn output_factor(work: Work, row: u32, sum: f32) -> f32 { return 1.0; }
fn record(work: Work, row: u32, top: f32, sum: f32) { statistics[place_of(work, row)] = vec2<f32>(top, sum); }`;

function writeContext(statistics: boolean): string {
  return `
fn written(work: Work, row: u32) -> bool { return row < sizes.sequence && codes[work.codes + row] != 2; }
fn output_start(work: Work, row: u32) -> u32 { return (work.item * sizes.sequence + row) * sizes.hidden + work.head * headSize; }
fn output_factor(work: Work, row: u32, sum: f32) -> f32 { return select(0.0, 1.0 / sum, wanted(work, row)); }
fn record(work: Work, row: u32, top: f32, sum: f32) {
  ${statistics ? "statistics[(work.item * (sizes.hidden / headSize) + work.head) * sizes.sequence + row] = vec2<f32>(top, sum);" : ""}
}`;
}
