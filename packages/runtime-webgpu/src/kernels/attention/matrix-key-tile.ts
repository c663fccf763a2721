import { upTo } from "../parts/up-to.ts";

export interface MatrixKeyTile {
  /** Rows of the workgroup, keys of a block of the tile, and blocks. */
  readonly rows: number;
  readonly keys: number;
  readonly keyGroups: number;
  /** Elements of a key, those that it has as columns of whole matrices, and those from one staged key to the next. */
  readonly length: number;
  readonly depth: number;
  readonly stride: number;
  readonly invocations: number;
  /** Eights of keys, and of values, that each invocation stages: see `stagedEights`. */
  readonly each: number | undefined;
}

/**
 * WGSL that brings the keys and values of an attention task from `place` on to `key_tile` and `value_tile`, arrays of blocks, as halves by eights (words take
 * half the time that single halves take), and which rows see them to `low` and `span`; `masked_step.x` becomes `step` where some row does not see one.
 * All that an invocation stages is on its way from memory at once. Keys beyond the last are read like it.
 */
export function stageKeyTile({ rows, keys: blockKeys, keyGroups, length, depth, stride, invocations, each }: MatrixKeyTile): string {
  const keys = blockKeys * keyGroups;
  const eights = depth / 8;
  const lengthEights = Math.ceil(length / 8);
  /** Eight halves of a key or value. */
  const eight = (kind: "key" | "value", start: string, item: string): string => {
    const read = `read_${kind}_eight(${start}, ${item} % ${eights}u)`;
    return eights === lengthEights ? read : `select(vec4<u32>(), ${read}, ${item} % ${eights}u < ${lengthEights}u)`;
  };
  /** Where an eight of a tile's keys or values lies. */
  const placeOf = (kind: "key" | "value", item: string): string => {
    const key = `${item} / ${eights}u`;
    const [block, one] = keyGroups === 1 ? ["0", key] : [`${key} / ${blockKeys}u`, `${key} % ${blockKeys}u`];
    return `${kind}_tile[${block}][${one} * ${stride / 8}u + ${item} % ${eights}u]`;
  };
  const keep = (key: string, at: string): string =>
    `low[${at}] = ${key}.low; span[${at}] = ${key}.span;
      if (work.firstRow - ${key}.low >= ${key}.span || work.firstRow + ${rows - 1}u - ${key}.low >= ${key}.span) { masked_step.x = step; }`;
  if (each === undefined)
    return `for (var item = lane; item < ${keys * eights}u; item += ${invocations}u) {
      let start = key_at(work, place + item / ${eights}u).start;
      ${placeOf("key", "item")} = ${eight("key", "start", "item")};
      ${placeOf("value", "item")} = ${eight("value", "start", "item")};
    }
    for (var item = lane; item < ${keys}u; item += ${invocations}u) {
      let key = key_at(work, place + item);
      ${keep("key", "item")}
    }`;

  const item = (read: number): string => `(lane + ${read * invocations}u)`;
  const keyOf = (read: number): string => `place + ${item(read)} / ${eights}u`;
  const ofEach = (statement: (read: number) => string): string => upTo(each).map(statement).join("\n    ");
  /** Of the keys, those whose code an invocation looks at. */
  const looks = upTo(Math.ceil(keys / invocations));
  return `${ofEach((read) => `var start_${read} = run_start(work, ${keyOf(read)});`)}
    if (place < listed(work)) { ${ofEach((read) => `start_${read} = key_at(work, ${keyOf(read)}).start;`)} }
    ${looks.map((one) => `let looked_${one} = key_at(work, place + min(${item(one)}, ${keys - 1}u));`).join(" ")}
    ${ofEach((read) => `let key_${read} = ${eight("key", `start_${read}`, item(read))};`)}
    ${ofEach((read) => `let value_${read} = ${eight("value", `start_${read}`, item(read))};`)}
    ${ofEach((read) => `${placeOf("key", item(read))} = key_${read};`)}
    ${ofEach((read) => `${placeOf("value", item(read))} = value_${read};`)}
    ${looks.map((one) => `if (${item(one)} < ${keys}u) { ${keep(`looked_${one}`, item(one))} }`).join("\n    ")}`;
}
