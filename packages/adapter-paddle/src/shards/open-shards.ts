import {
  type ByteSource,
  type ContainerInput,
  LongspanError,
  type OpenedContainer,
  type TreeValue,
  isTreeMap,
  treeMap,
} from "@longspan/core";
import { SafetensorsError, checkShards, parseSafetensorsIndex } from "@longspan/safetensors";
import { wrapSafetensorsError } from "./wrap-safetensors-error.ts";

/** The index of a model of ten thousand tensors has a megabyte. */
const mostIndexBytes = 100_000_000;

/** Opens one file of weights. */
export type OpenShard = (shard: Pick<ContainerInput, "source" | "fileName" | "signal">) => Promise<OpenedContainer>;

/**
 * Opens all files of an index `{"weight_map": {tensor: file}}` and checks that index and files tell the same. PaddleNLP writes such an index beside `.pdparams` and
 * `.safetensors` shards alike (paddlenlp/transformers/model_utils.py, `shard_checkpoint`).
 *
 * @param isTable whether a key of a shard holds no tensor; tables of all shards are merged
 * @throws LongspanError `malformed`, `limit-exceeded`, `not-found` (a shard), and what `openShard` throws
 */
export async function openShards(input: ContainerInput, openShard: OpenShard, isTable: (key: string) => boolean): Promise<OpenedContainer> {
  const { source, fileName, files, signal } = input;
  if (source.size > mostIndexBytes) {
    throw new LongspanError("limit-exceeded", `${fileName}: a shard index of ${source.size} bytes; at most ${mostIndexBytes} are read.`, {
      details: { file: fileName },
    });
  }
  const index = await source.read(0, source.size, { signal });
  const sources: ByteSource[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(sources.splice(0).map((shard) => shard.close()));
  };
  try {
    const { weightMap } = parseSafetensorsIndex(index, { fileName });
    const shards = new Map<string, OpenedContainer>();
    for (const shardName of new Set(weightMap.values())) {
      // A set of files knows plain names only, and PaddleNLP writes no others.
      const shard = shardName.includes("/") ? undefined : await files.resolve(shardName);
      if (shard === undefined) {
        throw new LongspanError(
          "not-found",
          `${fileName} names the shard "${shardName}", which is not in ${files.name}. Copy or download it too.`,
          {
            details: { file: shardName, index: fileName },
          },
        );
      }
      sources.push(shard);
      shards.set(shardName, await openShard({ source: shard, fileName: shardName, signal }));
    }
    return { ...merge(weightMap, shards, isTable), close };
  } catch (error) {
    await close();
    throw error instanceof SafetensorsError ? wrapSafetensorsError(error, fileName) : error;
  }
}

function merge(
  weightMap: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, OpenedContainer>,
  isTable: (key: string) => boolean,
): Omit<OpenedContainer, "close"> {
  const values = new Map<string, TreeValue>();
  const tables = new Map<string, (readonly [TreeValue, TreeValue])[]>();
  const attributes = new Map<string, string>();
  const listed = new Map<string, { readonly tensors: readonly { readonly name: string }[] }>();
  for (const [shardName, { root, attributes: own }] of shards) {
    const tensors: { readonly name: string }[] = [];
    for (const [key, value] of isTreeMap(root) ? root.entries : []) {
      if (typeof key !== "string") continue;
      if (isTable(key)) {
        tables.set(key, [...(tables.get(key) ?? []), ...(isTreeMap(value) ? value.entries : [])]);
      } else {
        tensors.push({ name: key });
        values.set(key, value);
      }
    }
    listed.set(shardName, { tensors });
    for (const [key, value] of own) if (!attributes.has(key)) attributes.set(key, value);
  }
  checkShards({ weightMap }, listed);
  const entries = [
    ...[...weightMap.keys()].map((name) => [name, values.get(name) ?? null] as const),
    ...[...tables].map(([key, table]) => [key, treeMap(table)] as const),
  ];
  const warnings = [...shards].flatMap(([shardName, container]) => container.warnings.map((warning) => `${shardName}: ${warning}`));
  return { root: treeMap(entries), attributes, warnings };
}
