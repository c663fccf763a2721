import { upTo } from "../parts/up-to.ts";

export interface MatrixKeyTileOptions {
  /** Rows of the workgroup, and keys of a tile. */
  readonly rows: number;
  readonly keys: number;
  /** Elements of a key, those that it has as columns of whole matrices, and those from one staged key to the next. */
  readonly length: number;
  readonly depth: number;
  readonly stride: number;
  readonly invocations: number;
  readonly readsAhead: boolean;
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
  /** Where an eight of a tile's rows lies. */
  placeOf(item: string): string;
}

/** With `readsAhead` the next tile is read into registers while this one is multiplied; keys beyond the last are read like it. */
export function matrixKeyTile({ rows, keys, length, depth, stride, invocations, readsAhead }: MatrixKeyTileOptions): MatrixKeyTile {
  const eights = depth / 8;
  const vectors = Math.ceil(length / 4);
  const inKey = (reader: string, vector: string): string => {
    const read = `${reader}(start, ${vector})`;
    return depth / 4 === vectors ? read : `select(vec4<f16>(), ${read}, ${vector} < ${vectors}u)`;
  };
  const eight = (reader: string): string =>
    `vec4<u32>(${["first", "first + 1u"].map((vector) => `bitcast<vec2<u32>>(${inKey(reader, vector)})`).join(", ")})`;
  const [keyEight, valueEight] = [eight("read_key_halves"), eight("read_value_halves")];
  const placeOf = (item: string): string => `${item} / ${eights}u * ${stride / 8}u + ${item} % ${eights}u`;
  const keep = (key: string, at: string): string =>
    `low[${at}] = ${key}.low; span[${at}] = ${key}.span;
      if (work.firstRow - ${key}.low >= ${key}.span || work.firstRow + ${rows - 1}u - ${key}.low >= ${key}.span) { masked_step.x = step; }`;
  if (!readsAhead)
    return {
      first: "",
      stage: `for (var item = lane; item < ${keys * eights}u; item += ${invocations}u) {
      let first = item % ${eights}u * 2u;
      let start = key_at(work, place + item / ${eights}u).start;
      key_tile[${placeOf("item")}] = ${keyEight};
      value_tile[${placeOf("item")}] = ${valueEight};
    }
    for (var item = lane; item < ${keys}u; item += ${invocations}u) {
      let key = key_at(work, place + item);
      ${keep("key", "item")}
    }`,
      next: "",
      placeOf,
    };
  const reads = upTo((keys * eights) / invocations);
  const item = (read: number): string => `(lane + ${read * invocations}u)`;
  const readTile = (place: string): string =>
    [
      ...reads.map(
        (read) =>
          `{ let first = ${item(read)} % ${eights}u * 2u; let start = key_at(work, ${place} + ${item(read)} / ${eights}u).start; next_key_${read} = ${keyEight}; next_value_${read} = ${valueEight}; }`,
      ),
      `next = key_at(work, ${place} + min(lane, ${keys - 1}u));`,
    ].join("\n    ");
  const stage = reads.map(
    (read) => `key_tile[${placeOf(item(read))}] = next_key_${read}; value_tile[${placeOf(item(read))}] = next_value_${read};`,
  );
  return {
    first: `${reads.map((read) => `var next_key_${read} = vec4<u32>(); var next_value_${read} = vec4<u32>();`).join(" ")} var next = Key();
  ${readTile("0u")}`,
    stage: `${stage.join("\n    ")}
    if (lane < ${keys}u) { ${keep("next", "lane")} }`,
    next: readTile(`place + ${keys}u`),
    placeOf,
  };
}
