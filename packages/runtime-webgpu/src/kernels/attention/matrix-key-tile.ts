import { upTo } from "../parts/up-to.ts";

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
  /** Eights that each invocation stages: see `stagedEights`. */
  readonly each: number | undefined;
  readonly readsAhead: boolean;
  /** Whether values take the memory of the keys once these are multiplied. */
  readonly sharesTile: boolean;
}

/**
 * WGSL that brings a tile of keys and values of an attention task to `key_tile` and `value_tile`, as halves by eights (words take half the time that
 * single halves take), and which rows see them to `low` and `span`; `masked_step.x` becomes `step` where some row does not see one.
 */
export interface MatrixKeyTile {
  /** Statements before the loop over `place`; of it, where all wait for each other; and after they have waited again. */
  readonly first: string;
  readonly stage: string;
  readonly next: string;
  /** With `sharesTile`: where nobody needs the keys any more; and, where nobody may need these values again, before the next ones are read. */
  readonly stageValues: string;
  readonly nextValues: string;
}

/**
 * All that an invocation stages of a tile is on its way from memory at once; with `readsAhead` while the tile before is multiplied. Keys beyond the last
 * are read like it.
 */
export function matrixKeyTile(options: MatrixKeyTileOptions): MatrixKeyTile {
  const { rows, keyGroups, length, depth, stride, invocations, each, readsAhead, sharesTile } = options;
  const keys = options.keys * keyGroups;
  const eights = depth / 8;
  const lengthEights = Math.ceil(length / 8);
  /** Eight halves of a key or value. */
  const eight = (kind: "key" | "value", start: string, item: string): string => {
    const read = `read_${kind}_eight(${start}, ${item} % ${eights}u)`;
    return eights === lengthEights ? read : `select(vec4<u32>(), ${read}, ${item} % ${eights}u < ${lengthEights}u)`;
  };
  /** Where an eight of a tile's keys or values lies: in one of the blocks. */
  const placeOf = (kind: "key" | "value", item: string): string => {
    const key = `${item} / ${eights}u`;
    const [block, one] = keyGroups === 1 ? ["0u", key] : [`${key} / ${options.keys}u`, `${key} % ${options.keys}u`];
    return `${sharesTile ? "key" : kind}_tile[${block}][${one} * ${stride / 8}u + ${item} % ${eights}u]`;
  };
  const keep = (key: string, at: string): string =>
    `low[${at}] = ${key}.low; span[${at}] = ${key}.span;
      if (work.firstRow - ${key}.low >= ${key}.span || work.firstRow + ${rows - 1}u - ${key}.low >= ${key}.span) { masked_step.x = step; }`;
  if (each === undefined)
    return {
      first: "",
      stage: `for (var item = lane; item < ${keys * eights}u; item += ${invocations}u) {
      let start = key_at(work, place + item / ${eights}u).start;
      ${placeOf("key", "item")} = ${eight("key", "start", "item")};
      ${placeOf("value", "item")} = ${eight("value", "start", "item")};
    }
    for (var item = lane; item < ${keys}u; item += ${invocations}u) {
      let key = key_at(work, place + item);
      ${keep("key", "item")}
    }`,
      next: "",
      stageValues: "",
      nextValues: "",
    };

  const item = (read: number): string => `(lane + ${read * invocations}u)`;
  const ofEach = (statement: (read: number) => string): string => upTo(each).map(statement).join("\n    ");
  const starts = (place: string): string => {
    const at = (read: number): string => `${place} + ${item(read)} / ${eights}u`;
    return `${ofEach((read) => `var start_${read} = run_start(work, ${at(read)});`)}
    if (${place} < listed(work)) { ${ofEach((read) => `start_${read} = key_at(work, ${at(read)}).start;`)} }`;
  };
  /** Of the keys of a tile, those whose code an invocation looks at. */
  const looks = upTo(Math.ceil(keys / invocations));
  const look = (place: string): string =>
    looks.map((one) => `next_${one} = key_at(work, ${place} + min(${item(one)}, ${keys - 1}u));`).join(" ");
  const keepLooked = looks.map((one) => `if (${item(one)} < ${keys}u) { ${keep(`next_${one}`, item(one))} }`).join("\n    ");
  const declared = `${ofEach((read) => `var next_key_${read} = vec4<u32>(); var next_value_${read} = vec4<u32>();`)} ${looks.map((one) => `var next_${one} = Key();`).join(" ")}`;
  const read = (kind: "key" | "value"): string => ofEach((one) => `next_${kind}_${one} = ${eight(kind, `start_${one}`, item(one))};`);
  const put = (kind: "key" | "value"): string => ofEach((one) => `${placeOf(kind, item(one))} = next_${kind}_${one};`);
  const readKeys = (place: string): string => [starts(place), look(place), read("key")].join("\n    ");
  const stage = [put("key"), ...(sharesTile ? [] : [put("value")]), keepLooked].join("\n    ");
  const stageValues = sharesTile ? put("value") : "";
  if (!readsAhead)
    return { first: "", stage: [declared, readKeys("place"), read("value"), stage].join("\n    "), next: "", stageValues, nextValues: "" };
  const nextPlace = `place + ${keys}u`;
  return {
    first: `${declared}
  { ${readKeys("0u")} ${read("value")} }`,
    stage,
    next: `{ ${readKeys(nextPlace)} ${sharesTile ? "" : read("value")} }`,
    stageValues,
    nextValues: sharesTile ? `{ ${starts(nextPlace)} ${read("value")} }` : "",
  };
}
