import { type ByteSource, LongspanError } from "@longspan/core";
import {
  budgetOf,
  type Container,
  type ContainerInput,
  type MemoryBudget,
  type OpenedContainer,
  type TreeMap,
} from "@longspan/core/adapter";
import { defaultSafetensorsIndexLimits, parseSafetensorsIndex } from "@longspan/safetensors";
import type { SafetensorsIndex } from "@longspan/safetensors";
import { detectIndex } from "./detect-index.ts";
import { mergeShards } from "./merge-shards.ts";
import { withFileName } from "./with-file-name.ts";

/** The first bytes by which a container knows its files. */
const headBytes = 4096;

/** A container of several files with an index in Hugging Face's form. */
export interface ShardedContainerOptions {
  /** The container's name: `torch-sharded`. */
  readonly name: string;
  /** The index's usual name: `pytorch_model.bin.index.json`. */
  readonly entryName: string;
  /** How the shards' names end: `[".bin", ".pt"]`. By it an index is known as this container's. */
  readonly extensions: readonly string[];
  /** What a shard may be, by its own bytes. */
  readonly shardContainers: readonly Container[];
  /** Keys of a shard whose value is no tensor but a dict about its tensors: such dicts of all shards become one. Default none. */
  readonly tables?: readonly string[];
  /**
   * A shard's tensors under the names the index has for them, where a format spells them differently within its files. Default: its root.
   * @param names What the index says lies in this shard.
   */
  readonly entries?: ((shard: OpenedContainer, names: readonly string[]) => TreeMap) | undefined;
}

/**
 * Several files and an index that says which tensor lies in which (`{"metadata": …, "weight_map": {tensor: file}}`): so
 * transformers writes safetensors and torch files, and PaddleNLP `.pdparams`. Opened by the index; the tree is one map of all
 * shards' entries, as if they had been one file. Index and files must tell the same.
 *
 * Opening throws LongspanError `malformed`, `limit-exceeded`, `not-found` (a shard), and what the shards' containers throw; nothing
 * stays open then.
 */
export function shardedContainer(options: ShardedContainerOptions): Container {
  return {
    name: options.name,
    entryNames: [options.entryName],
    detect: (probe) => detectIndex(probe, options.extensions),
    open: (input) => open(input, options),
  };
}

async function open(given: ContainerInput, { shardContainers, tables = [], entries }: ShardedContainerOptions): Promise<OpenedContainer> {
  const input: ContainerInput = { ...given, budget: budgetOf(given) };
  const index = await readIndex(input, budgetOf(input));
  const closes: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(closes.splice(0).map((closeOne) => closeOne()));
  };
  try {
    const shards = new Map<string, OpenedContainer>();
    for (const fileName of new Set(index.weightMap.values())) {
      const shard = await openShard(input, fileName, shardContainers, closes);
      shards.set(fileName, entries === undefined ? shard : { ...shard, root: entries(shard, namesIn(index, fileName)) });
    }
    return { ...(await mergeShards(input.source.name, index, shards, tables)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function namesIn({ weightMap }: SafetensorsIndex, fileName: string): string[] {
  return [...weightMap].flatMap(([name, file]) => (file === fileName ? [name] : []));
}

async function readIndex({ source, fileName, signal }: ContainerInput, budget: MemoryBudget): Promise<SafetensorsIndex> {
  const limit = defaultSafetensorsIndexLimits.indexBytes;
  if (source.size > limit) {
    throw new LongspanError("limit-exceeded", `${source.name} has ${source.size} bytes; an index has at most ${limit}.`, {
      details: { file: source.name },
    });
  }
  if (source.size > budget.left) throw budget.exceeded();
  const bytes = await source.read(0, source.size, { signal });
  const limits = { memory: budget.left - bytes.length };
  const index = await withFileName(source.name, budget, () => parseSafetensorsIndex(bytes, { fileName, limits }));
  // Besides the index's own: the files of all tensors, by which index and shards are compared.
  budget.spend(bytes.length + 2 * index.memory);
  return index;
}

async function openShard(
  input: ContainerInput,
  fileName: string,
  containers: readonly Container[],
  closes: (() => Promise<void>)[],
): Promise<OpenedContainer> {
  const { source, files, budget, signal } = input;
  // A set of files knows plain names only; no framework writes others.
  const shard = fileName.includes("/") ? undefined : await files.resolve(fileName, { signal, namedIn: source.name });
  if (shard === undefined) {
    const message = `${source.name} names the file ${JSON.stringify(fileName)}, which is not in ${files.name}. Copy or download all the files the index names into one folder.`;
    throw new LongspanError("not-found", message, { details: { file: source.name, shard: fileName } });
  }
  closes.push(() => shard.close());
  const container = await containerOf(shard, containers);
  if (container === undefined) {
    const names = containers.map(({ name }) => name).join(" or ");
    throw new LongspanError("malformed", `${shard.name} is named by ${source.name}, but is no ${names} file. Copy or download it again.`, {
      details: { file: shard.name },
    });
  }
  const opened = await container.open({ source: shard, fileName, files, budget, signal });
  closes.push(() => opened.close());
  return opened;
}

async function containerOf(source: ByteSource, containers: readonly Container[]): Promise<Container | undefined> {
  const head = await source.read(0, Math.min(headBytes, source.size));
  for (const container of containers) {
    if ((await container.detect({ source, head })) !== undefined) return container;
  }
  return undefined;
}
