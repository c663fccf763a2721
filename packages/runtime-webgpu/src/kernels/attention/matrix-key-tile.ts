import { lines, upTo } from "../parts/lines.ts";

export interface MatrixKeyTileOptions {
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
  /** Whether values take the memory of the keys; `each` is known then. */
  readonly sharesTile: boolean;
}

export interface MatrixKeyTile {
  /** Statements where nobody needs the tile before any more. */
  readonly stage: string;
  /** With `sharesTile`, where nobody needs the keys any more; and again where these values have been overwritten. */
  readonly stageValues: string;
}

/**
 * WGSL that brings the keys and values of an attention task from `place` on to `key_tile` and `value_tile`, arrays of blocks, as halves by eights (words take
 * half the time that single halves take), and which rows see them to `low` and `span`; `masked_step.x` becomes `step` where some row does not see one.
 * All that an invocation stages is on its way from memory at once. Keys beyond the last are read like it.
 */
export function matrixKeyTile(options: MatrixKeyTileOptions): MatrixKeyTile {
  const { rows, keys: blockKeys, keyGroups, length, depth, stride, invocations, each, sharesTile } = options;
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
    const [block, one] = keyGroups === 1 ? ["0u", key] : [`${key} / ${blockKeys}u`, `${key} % ${blockKeys}u`];
    return `${sharesTile ? "key" : kind}_tile[${block}][${one} * ${stride / 8}u + ${item} % ${eights}u]`;
  };
  const keep = (key: string, at: string): string =>
    `low[${at}] = ${key}.low; span[${at}] = ${key}.span;
      if (work.firstRow - ${key}.low >= ${key}.span || work.firstRow + ${rows - 1}u - ${key}.low >= ${key}.span) { masked_step.x = step; }`;
  if (each === undefined)
    return {
      stage: `for (var item = lane; item < ${keys * eights}u; item += ${invocations}u) {
      let start = key_at(work, place + item / ${eights}u).start;
      ${placeOf("key", "item")} = ${eight("key", "start", "item")};
      ${placeOf("value", "item")} = ${eight("value", "start", "item")};
    }
    for (var item = lane; item < ${keys}u; item += ${invocations}u) {
      let key = key_at(work, place + item);
      ${keep("key", "item")}
    }`,
      stageValues: "",
    };

  const item = (read: number): string => `(lane + ${read * invocations}u)`;
  const keyOf = (read: number): string => `place + ${item(read)} / ${eights}u`;
  const ofEach = (statement: (read: number) => string): string => lines(upTo(each), statement);
  /** Of the keys, those whose code an invocation looks at. */
  const looks = upTo(Math.ceil(keys / invocations));
  const read = (kind: "key" | "value"): string => ofEach((one) => `${kind}_${one} = ${eight(kind, `start_${one}`, item(one))};`);
  const put = (kind: "key" | "value"): string => ofEach((one) => `${placeOf(kind, item(one))} = ${kind}_${one};`);
  // Variables, though constants would do: it is this text that was measured.
  const stage = `${ofEach((one) => `var key_${one} = vec4<u32>(); var value_${one} = vec4<u32>();`)}
    ${looks.map((one) => `var looked_${one} = Key();`).join(" ")}
    ${ofEach((one) => `var start_${one} = run_start(work, ${keyOf(one)});`)}
    if (place < listed(work)) { ${ofEach((one) => `start_${one} = key_at(work, ${keyOf(one)}).start;`)} }
    ${looks.map((one) => `looked_${one} = key_at(work, place + min(${item(one)}, ${keys - 1}u));`).join(" ")}
    ${read("key")}
    ${read("value")}
    ${put("key")}
    ${sharesTile ? "" : put("value")}
    ${lines(looks, (one) => `if (${item(one)} < ${keys}u) { ${keep(`looked_${one}`, item(one))} }`)}`;
  return { stage, stageValues: sharesTile ? put("value") : "" };
}
