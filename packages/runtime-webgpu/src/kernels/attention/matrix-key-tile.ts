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
  /** Keys from one element of turned values to the next; undefined where values are not turned. */
  readonly turnedStride: number | undefined;
  readonly invocations: number;
  /** Eights that each invocation stages: see `stagedEights`. */
  readonly each: number | undefined;
  readonly readsAhead: boolean;
  /** Whether blocks of odd and even steps are others. */
  readonly twoTiles: boolean;
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
  /** With `sharesTile`: where nobody needs the keys any more; and again, for values that were overwritten, before the next ones are read. */
  readonly stageValues: string;
  readonly nextValues: string;
}

/**
 * All that an invocation stages of a tile is on its way from memory at once; with `readsAhead` while the tile before is multiplied. Keys beyond the last
 * are read like it.
 */
export function matrixKeyTile(options: MatrixKeyTileOptions): MatrixKeyTile {
  const { rows, keyGroups, length, depth, stride, turnedStride, invocations, each, readsAhead, twoTiles, sharesTile } = options;
  const keys = options.keys * keyGroups;
  const eights = depth / 8;
  const lengthEights = Math.ceil(length / 8);
  /** Eight halves of a key or value. */
  const eight = (reader: string, start: string, at: string): string => {
    const read = `${reader}(${start}, ${at})`;
    return eights === lengthEights ? read : `select(vec4<u32>(), ${read}, ${at} < ${lengthEights}u)`;
  };
  /** Of a tile's keys, the block that one belongs to, and which one of it. */
  const inBlock = (key: string): readonly [block: string, one: string] => {
    const [block, one] = keyGroups === 1 ? ["0u", `(${key})`] : [`(${key}) / ${options.keys}u`, `(${key}) % ${options.keys}u`];
    return [twoTiles ? `step % 2u * ${keyGroups}u + ${block}` : block, one];
  };
  /** Where an eight of a tile's keys lies. */
  const placeOf = (memory: string, item: string): string => {
    const [block, one] = inBlock(`${item} / ${eights}u`);
    return `${memory}[${block}][${one} * ${stride / 8}u + ${item} % ${eights}u]`;
  };
  const keep = (key: string, at: string): string =>
    `low[${at}] = ${key}.low; span[${at}] = ${key}.span;
      if (work.firstRow - ${key}.low >= ${key}.span || work.firstRow + ${rows - 1}u - ${key}.low >= ${key}.span) { masked_step.x = step; }`;
  if (each === undefined)
    return {
      first: "",
      stage: `for (var item = lane; item < ${keys * eights}u; item += ${invocations}u) {
      let start = key_at(work, place + item / ${eights}u).start;
      ${placeOf("key_tile", "item")} = ${eight("read_key_eight", "start", `item % ${eights}u`)};
      ${placeOf("value_tile", "item")} = ${eight("read_value_eight", "start", `item % ${eights}u`)};
    }
    for (var item = lane; item < ${keys}u; item += ${invocations}u) {
      let key = key_at(work, place + item);
      ${keep("key", "item")}
    }`,
      next: "",
      stageValues: "",
      nextValues: "",
    };

  const reads = upTo(each);
  const item = (read: number): string => `(lane + ${read * invocations}u)`;
  /** Which key, of a tile, and which eight of it an invocation reads as its value. Turned, two neighbours at a time, so that a word takes an element of both. */
  const valueOf = (read: number): readonly [key: string, eight: string] => {
    if (turnedStride === undefined) return [`${item(read)} / ${eights}u`, `${item(read)} % ${eights}u`];
    const pair = item(Math.floor(read / 2));
    return [`(${pair} % ${keys / 2}u * 2u + ${read % 2}u)`, `${pair} / ${keys / 2}u`];
  };
  const starts = (place: string): string => {
    const places = reads.map((read) => [
      [`key_start_${read}`, `${place} + ${item(read)} / ${eights}u`],
      ...(turnedStride === undefined ? [] : [[`value_start_${read}`, `${place} + ${valueOf(read)[0]}`]]),
    ]);
    return `${places
      .flat()
      .map(([name, at]) => `var ${name} = run_start(work, ${at});`)
      .join(" ")}
    if (${place} < listed(work)) { ${places
      .flat()
      .map(([name, at]) => `${name} = key_at(work, ${at}).start;`)
      .join(" ")} }`;
  };
  const valueStart = (read: number): string => (turnedStride === undefined ? `key_start_${read}` : `value_start_${read}`);
  /** Registers are not enough for more at once. */
  const groups = [reads.slice(0, 8), reads.slice(8)].filter((group) => group.length > 0);
  const readKeys = (group: readonly number[]): string =>
    group.map((read) => `next_key_${read} = ${eight("read_key_eight", `key_start_${read}`, `${item(read)} % ${eights}u`)};`).join("\n    ");
  const readValues = (group: readonly number[]): string =>
    group.map((read) => `next_value_${read} = ${eight("read_value_eight", valueStart(read), valueOf(read)[1])};`).join("\n    ");
  const readGroup = (group: readonly number[]): string => `${readKeys(group)}\n    ${readValues(group)}`;
  const stageValue = (read: number): readonly string[] => {
    if (turnedStride === undefined) return [`${placeOf(sharesTile ? "key_tile" : "value_tile", item(read))} = next_value_${read};`];
    if (read % 2 === 1) return [];
    const [key, valueEight] = valueOf(read);
    const [block, one] = inBlock(key);
    const at = `${valueEight} * ${turnedStride}u + ${one} / 8u`;
    return upTo(8).map((half) => {
      const [first, second] = [read, read + 1].map((of) => `next_value_${of}[${Math.floor(half / 2)}]`);
      const both = half % 2 === 0 ? `(${first} & 0xffffu) | (${second} << 16u)` : `(${first} >> 16u) | (${second} & 0xffff0000u)`;
      return `value_tile[${block}][${at} + ${(half * turnedStride) / 8}u][${one} / 2u % 4u] = ${both};`;
    });
  };
  /** Of the keys of a tile, those whose code an invocation looks at. */
  const looks = upTo(Math.ceil(keys / invocations));
  const look = (place: string): string =>
    looks.map((one) => `next_${one} = key_at(work, ${place} + min(${item(one)}, ${keys - 1}u));`).join(" ");
  const keepLooked = looks.map((one) => `if (${item(one)} < ${keys}u) { ${keep(`next_${one}`, item(one))} }`).join("\n    ");
  const readTile = (place: string): string => [starts(place), look(place), ...groups.map(readGroup)].join("\n    ");
  const stageKeys = (group: readonly number[]): readonly string[] =>
    group.map((read) => `${placeOf("key_tile", item(read))} = next_key_${read};`);
  const stageGroup = (group: readonly number[]): readonly string[] => [
    ...stageKeys(group),
    ...(sharesTile ? [] : group.flatMap(stageValue)),
  ];
  const declared = `${reads.map((read) => `var next_key_${read} = vec4<u32>(); var next_value_${read} = vec4<u32>();`).join(" ")} ${looks.map((one) => `var next_${one} = Key();`).join(" ")}`;
  const stageValues = sharesTile ? reads.flatMap(stageValue).join("\n    ") : "";
  if (!readsAhead) {
    const own = `${starts("place")}
    ${look("place")}
    ${groups.flatMap((group) => [readGroup(group), ...stageGroup(group)]).join("\n    ")}
    ${keepLooked}`;
    return { first: "", stage: `${declared}\n    ${own}`, next: "", stageValues, nextValues: "" };
  }
  const nextPlace = `place + ${keys}u`;
  return {
    first: `${declared}
  { ${readTile("0u")} }`,
    stage: [...stageGroup(reads), keepLooked].join("\n    "),
    next: sharesTile ? `{ ${starts(nextPlace)} ${look(nextPlace)}\n    ${readKeys(reads)} }` : `{ ${readTile(nextPlace)} }`,
    stageValues,
    nextValues: sharesTile ? `{ ${starts(nextPlace)} ${readValues(reads)} }` : "",
  };
}
