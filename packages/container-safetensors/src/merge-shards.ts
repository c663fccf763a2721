import { LongspanError } from "@longspan/core";
import { isTreeMap, type OpenedContainer, treeMap, type TreeValue } from "@longspan/core/adapter";
import { checkShards } from "@longspan/safetensors";
import type { SafetensorsIndex } from "@longspan/safetensors";
import { withFileName } from "./with-file-name.ts";

type Entry = readonly [TreeValue, TreeValue];

/**
 * All shards as one file: their entries in the shards' order, then their tables. Of attributes, the first shard that has one tells; the index's metadata
 * adds what no shard says.
 * @throws LongspanError `malformed` where index and shards disagree, or a shard holds no dict
 */
export async function mergeShards(
  file: string,
  index: SafetensorsIndex,
  shards: ReadonlyMap<string, OpenedContainer>,
  tableKeys: readonly string[],
): Promise<Omit<OpenedContainer, "close">> {
  const entries: Entry[] = [];
  const tables = new Map<string, Entry[]>();
  const listed = new Map<string, { readonly tensors: readonly { readonly name: string }[] }>();
  for (const [fileName, { root }] of shards) {
    if (!isTreeMap(root)) {
      const message = `${fileName}, a shard of ${file}, holds no dict of tensors. Save the parts of a state dict, not of anything else.`;
      throw new LongspanError("malformed", message, { details: { file, shard: fileName } });
    }
    const tensors: { readonly name: string }[] = [];
    // Not `push(...entries)`: there may be more than a call's arguments can be.
    for (const entry of root.entries) {
      const [key, value] = entry;
      if (typeof key === "string" && tableKeys.includes(key) && isTreeMap(value)) {
        const table = tables.get(key) ?? [];
        for (const row of value.entries) table.push(row);
        tables.set(key, table);
        continue;
      }
      if (typeof key === "string") tensors.push({ name: key });
      entries.push(entry);
    }
    listed.set(fileName, { tensors });
  }
  await withFileName(file, undefined, () => checkShards(index, listed));
  for (const [key, table] of tables) entries.push([key, treeMap(table)]);
  return { root: treeMap(entries), attributes: attributesOf(index, shards), warnings: warningsOf(shards) };
}

function attributesOf(index: SafetensorsIndex, shards: ReadonlyMap<string, OpenedContainer>): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const shard of shards.values()) {
    for (const [key, value] of shard.attributes) if (!attributes.has(key)) attributes.set(key, value);
  }
  for (const [key, value] of index.metadata) if (!attributes.has(key)) attributes.set(key, String(value));
  return attributes;
}

/** Each says which shard it is about. */
function warningsOf(shards: ReadonlyMap<string, OpenedContainer>): readonly string[] {
  return [...shards].flatMap(([fileName, { warnings }]) =>
    warnings.map((warning) => (warning.includes(fileName) ? warning : `${fileName}: ${warning}`)),
  );
}
