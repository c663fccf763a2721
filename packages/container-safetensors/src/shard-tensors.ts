import { elementCount, type LazyTensor } from "@longspan/core";
import { formatSafetensorsIndex, planShards, shardFileName } from "@longspan/safetensors";
import { withFileName } from "./with-file-name.ts";

/** How `shardTensors` distributes tensors. */
export interface ShardTensorsOptions {
  /** The name of the one file, from which those of shards and index are made. */
  readonly fileName: string;
  /** Bytes of tensors in one file; a larger tensor gets a file of its own. Undefined: one file. */
  readonly shardBytes: number | undefined;
  /** Tied names, which lie in the file of the tensor they repeat. Default none: for formats that cannot express ties. */
  readonly aliases?: readonly { readonly name: string; readonly of: string }[];
  /** Whether the index states `total_parameters` beside `total_size`, as transformers does. Default false. */
  readonly totalParameters?: boolean;
}

/** Tensors distributed over files. */
export interface ShardedTensors {
  /** Tensors per file, in the order they came in. */
  readonly files: readonly { readonly fileName: string; readonly tensors: readonly LazyTensor[] }[];
  /** The index and its name; undefined when all fit one file, which needs none. */
  readonly index: { readonly fileName: string; readonly text: string } | undefined;
}

/**
 * Distributes tensors over files of at most `shardBytes`, named as transformers names them:
 * `model-00001-of-00002.safetensors` and `model.safetensors.index.json`. Without a limit: one file.
 * @throws LongspanError `argument-invalid`: a name twice, a limit that is no number of bytes
 */
export async function shardTensors(tensors: readonly LazyTensor[], options: ShardTensorsOptions): Promise<ShardedTensors> {
  const { fileName, shardBytes, aliases = [], totalParameters = false } = options;
  if (shardBytes === undefined) return { files: [{ fileName, tensors }], index: undefined };
  const dot = fileName.lastIndexOf(".");
  const stem = dot <= 0 ? fileName : fileName.slice(0, dot);
  const { shards, index } = await withFileName(fileName, undefined, () =>
    planShards(tensors, {
      maxShardBytes: shardBytes,
      fileName: shardFileName(stem, fileName.slice(stem.length)),
      totalParameters: totalParameters ? tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0) : undefined,
    }),
  );
  if (shards.length <= 1) return { files: [{ fileName, tensors }], index: undefined };
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const files = shards.map((shard) => ({ fileName: shard.fileName, tensors: shard.tensors.flatMap((name) => byName.get(name) ?? []) }));
  const weightMap = new Map(Object.entries(index.weight_map));
  for (const { name, of } of aliases) {
    const home = weightMap.get(of);
    if (home !== undefined) weightMap.set(name, home);
  }
  const text = formatSafetensorsIndex({ ...index, weight_map: Object.fromEntries(weightMap) });
  return { files, index: { fileName: `${fileName}.index.json`, text } };
}
