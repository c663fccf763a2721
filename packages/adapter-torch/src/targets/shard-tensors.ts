import { elementCount } from "@longspan/core";
import type { LazyTensor } from "@longspan/core";
import { formatSafetensorsIndex, planShards, shardFileName } from "@longspan/safetensors";

export interface ShardedTensors {
  /** Tensors per file, in the order they came in. */
  readonly files: readonly { readonly fileName: string; readonly tensors: readonly LazyTensor[] }[];
  /** The index and its name; undefined when all fit one file, which needs none. */
  readonly index: { readonly fileName: string; readonly text: string } | undefined;
}

/**
 * Distributes tensors over files of at most `shardBytes`, named as transformers names them:
 * `model-00001-of-00002.safetensors` and `model.safetensors.index.json`. Without a limit: one file.
 * @param aliases Tied names, which lie in the file of the tensor they repeat.
 */
export function shardTensors(
  tensors: readonly LazyTensor[],
  fileName: string,
  shardBytes: number | undefined,
  aliases: readonly { readonly name: string; readonly of: string }[] = [],
): ShardedTensors {
  if (shardBytes === undefined) return { files: [{ fileName, tensors }], index: undefined };
  const dot = fileName.lastIndexOf(".");
  const stem = dot <= 0 ? fileName : fileName.slice(0, dot);
  const { shards, index } = planShards(tensors, {
    maximumShardBytes: shardBytes,
    fileName: shardFileName(stem, fileName.slice(stem.length)),
    totalParameters: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  });
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const files = shards.map((shard) => ({ fileName: shard.fileName, tensors: shard.tensors.flatMap((name) => byName.get(name) ?? []) }));
  if (files.length <= 1) return { files: [{ fileName, tensors }], index: undefined };
  const weightMap = new Map(Object.entries(index.weight_map));
  for (const { name, of } of aliases) {
    const home = weightMap.get(of);
    if (home !== undefined) weightMap.set(name, home);
  }
  const text = formatSafetensorsIndex({ ...index, weight_map: Object.fromEntries(weightMap) });
  return { files, index: { fileName: `${fileName}.index.json`, text } };
}
