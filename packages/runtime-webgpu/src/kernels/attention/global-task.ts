import { declareUniforms, storageBuffers } from "../parts/bindings.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { keyStruct, rowsType, type AttentionTask } from "./attention-task.ts";
import { type RowForm, vectorType, vectorReader, vectorWriter } from "./vectors.ts";

export interface GlobalTaskOptions {
  /** Of the vectors: the head size (direct), or the hidden size (re-associated). */
  readonly length: number;
  /** How the keys and values lie in memory, and the queries and what the rows add up to. */
  readonly forms: { readonly keys: RowForm; readonly rows: RowForm };
  /** Whether all are read as float16, keys and values that are float16 in memory: see `AttentionTask`. */
  readonly halves: boolean;
}

export const globalFields = {
  sequence: "u32",
  /** Elements of a token in key and value. */
  hidden: "u32",
  /** Of four elements, in a vector. */
  vectors: "u32",
  scale: "f32",
  /** Rows of an item that there is room for, and that a global token has. */
  rows: "u32",
  rowsOfToken: "u32",
  heads: "u32",
  tokensStride: "u32",
  firstItem: "u32",
  splits: "u32",
  /** Keys of a split. */
  splitKeys: "u32",
} as const;

/**
 * Rows of global tokens attend to every token that is not masked, a part of the keys (a split) at a time. What a split finds is kept as it
 * is; `combine-splits.ts` joins the splits.
 *
 * Direct: a row is a global token, `heads` are the heads, key and value are the global projections of all tokens. Re-associated: a row is
 * one head of a global token, `heads` is 1, and key and value are both the hidden states of all tokens.
 *
 * Buffers: query `[items, rows, heads, length]`; key, value `[items, sequence, hidden]`; codes `[batch, sequence]`; tokens
 * `[batch, tokensStride]`; partial sums of p · v `[items, splits, rows, heads, length]`; statistics (highest score and sum of p)
 * `[items, splits, rows, heads, 2]`. The items are those of the batch from `firstItem` on.
 * Grid: [⌈rows / rows of a workgroup⌉ · splits, heads, items].
 */
export function globalTask({ length, forms, halves }: GlobalTaskOptions): AttentionTask {
  const rows = vectorType(forms.rows);
  const [queryRows, keys] = [rowsType(forms.rows, length, halves), rowsType(forms.keys, length, halves)];
  const buffers = storageBuffers(
    { query: queryRows, key: keys, value: keys, codes: "i32", tokens: "i32" },
    { partials: rows, statistics: "vec2<f32>" },
  );
  return {
    name: "global-attention",
    length,
    rows: [
      { name: "query", form: forms.rows, start: "start" },
      { name: "key", form: forms.keys, start: "start" },
      { name: "value", form: forms.keys, start: "start" },
    ],
    access: buffers.access,
    narrowsQueries: forms.rows.storage === "float32",
    declarations: `${declareUniforms(globalFields)}
${buffers.declarations}
const vectorLength = ${length}u;
${keyStruct}
struct Work { item: u32, codes: u32, head: u32, split: u32, rows: u32, firstRow: u32, firstKey: u32, keyCount: u32 }
${halves ? "" : readVectors(forms)}
${vectorReader("read_output", "partials", forms.rows, "vectorLength")}
${vectorWriter("write_output", "partials", forms.rows, "vectorLength")}

fn work_of(group: vec3<u32>, rows: u32) -> Work {
  let batchItem = sizes.firstItem + group.z;
  let list = batchItem * sizes.tokensStride;
  let rowsHere = u32(tokens[list + ${attentionTokens.globals}u]) * sizes.rowsOfToken;
  let length = u32(tokens[list + ${attentionTokens.length}u]);
  let groups = (sizes.rows + rows - 1u) / rows;
  let firstRow = (group.x % groups) * rows;
  let split = group.x / groups;
  let firstKey = split * sizes.splitKeys;
  let keyCount = select(0u, min(length, firstKey + sizes.splitKeys) - firstKey, firstKey < length && firstRow < rowsHere);
  return Work(group.z, batchItem * sizes.sequence, group.y, split, rowsHere, firstRow, firstKey, keyCount);
}

fn run_start(work: Work, place: u32) -> u32 {
  let token = min(work.firstKey + place, sizes.sequence - 1u);
  return (work.item * sizes.sequence + token) * sizes.hidden + work.head * vectorLength;
}
fn key_at(work: Work, place: u32) -> Key {
  let token = min(work.firstKey + place, sizes.sequence - 1u);
  let seen = place < work.keyCount && codes[work.codes + token] != 0;
  return Key(run_start(work, place), 0u, select(0u, 0xffffffffu, seen));
}
${halves ? "fn listed(work: Work) -> u32 { return 0u; }" : ""}

fn place_of(work: Work, row: u32) -> u32 {
  return ((work.item * sizes.splits + work.split) * sizes.rows + row) * sizes.heads + work.head;
}

fn wanted(work: Work, row: u32) -> bool { return row < work.rows; }
fn query_start(work: Work, row: u32) -> u32 { return ((work.item * sizes.rows + row) * sizes.heads + work.head) * vectorLength; }
fn written(work: Work, row: u32) -> bool { return row < work.rows; }
fn output_start(work: Work, row: u32) -> u32 { return place_of(work, row) * vectorLength; }
fn output_factor(work: Work, row: u32, sum: f32) -> f32 { return 1.0; }
fn record(work: Work, row: u32, top: f32, sum: f32) { statistics[place_of(work, row)] = vec2<f32>(top, sum); }`,
  };
}

function readVectors({ keys, rows }: GlobalTaskOptions["forms"]): string {
  return `${vectorReader("read_query", "query", rows, "vectorLength")}
${vectorReader("read_key", "key", keys, "vectorLength")}
${vectorReader("read_value", "value", keys, "vectorLength")}`;
}
