import { SafetensorsError, quoted } from "./safetensors-error.ts";
import type { SafetensorsIndexDocument } from "./shard-index.ts";

/** How tensors are distributed over files. */
export interface PlanShardsOptions {
  /** Bytes of tensors in one file, its header not counted; a larger tensor gets a file of its own. */
  readonly maxShardBytes: number;
  /** The name of file `index`, counted from 0, of `count`: `shardFileName` gives the usual ones. */
  readonly fileName: (index: number, count: number) => string;
  /** Elements of all parameters, for the index; transformers counts them without buffers, and tied ones once. */
  readonly totalParameters?: number | undefined;
}

/** Tensors distributed over files, and the index of them. */
export interface ShardPlan {
  /** The files, in their order, with what each holds. */
  readonly shards: readonly {
    readonly fileName: string;
    /** Names, in the given order. */ readonly tensors: readonly string[];
  }[];
  /** What `formatSafetensorsIndex` writes. A single shard needs no index: transformers writes one only beside two files and more. */
  readonly index: SafetensorsIndexDocument;
}

/**
 * Distributes tensors over files as huggingface_hub's `split_state_dict_into_shards_factory` does: greedily, in the given order; a
 * tensor above the maximum comes as a file of its own before the one being filled.
 *
 * @throws SafetensorsError `argument-invalid`: a name twice, a file name twice, a maximum that is not a number of bytes
 */
export function planShards(
  tensors: readonly { readonly name: string; readonly byteLength: number }[],
  options: PlanShardsOptions,
): ShardPlan {
  const { maxShardBytes, totalParameters } = options;
  if (!(maxShardBytes >= 0)) throw new SafetensorsError("argument-invalid", `maxShardBytes is ${maxShardBytes}, not a number of bytes.`);
  const groups: string[][] = [];
  const seen = new Set<string>();
  let current: string[] = [];
  let currentBytes = 0;
  let totalBytes = 0;
  for (const { name, byteLength } of tensors) {
    if (seen.has(name))
      throw new SafetensorsError("argument-invalid", `The tensor ${quoted(name)} stands twice among those to shard.`, { tensor: name });
    seen.add(name);
    totalBytes += byteLength;
    if (byteLength > maxShardBytes) {
      groups.push([name]);
      continue;
    }
    if (currentBytes + byteLength > maxShardBytes) {
      groups.push(current);
      current = [];
      currentBytes = 0;
    }
    current.push(name);
    currentBytes += byteLength;
  }
  if (current.length > 0) groups.push(current);
  const shards = groups.map((names, index) => ({
    fileName: options.fileName(index, groups.length),
    tensors: names,
  }));
  const weightMap = Object.create(null) as Record<string, string>;
  const fileNames = new Set<string>();
  for (const { fileName, tensors: names } of shards) {
    if (fileNames.has(fileName))
      throw new SafetensorsError("argument-invalid", `Two shards would be called ${quoted(fileName)}.`, { fileName });
    fileNames.add(fileName);
    for (const name of names) weightMap[name] = fileName;
  }
  const metadata =
    totalParameters === undefined ? { total_size: totalBytes } : { total_parameters: totalParameters, total_size: totalBytes };
  return { shards, index: { metadata, weight_map: weightMap } };
}

/** The usual names: `model.safetensors` alone, `model-00001-of-00003.safetensors` among several, for the stem `model` and the extension `.safetensors`. */
export function shardFileName(stem: string, extension: string): (index: number, count: number) => string {
  const five = (value: number): string => String(value).padStart(5, "0");
  return (index, count) => (count === 1 ? `${stem}${extension}` : `${stem}-${five(index + 1)}-of-${five(count)}${extension}`);
}
