import { LongspanError, isTreeMap, treeMap } from "@longspan/core";
import type { ByteSource, Claim, Container, ContainerInput, ContainerProbe, OpenedContainer, TreeValue } from "@longspan/core";
import { checkShards, defaultSafetensorsIndexLimits, parseSafetensorsIndex } from "@longspan/safetensors";
import type { SafetensorsIndex } from "@longspan/safetensors";
import { withFileName } from "../safetensors/wrap-safetensors-error.ts";

/** The first bytes by which a container knows its files. */
const headBytes = 4096;

interface ShardedContainerOptions {
  readonly name: string;
  readonly entryName: string;
  /** What shards the index names: matched against its text. */
  readonly shardPattern: RegExp;
  /** What a shard may be, by its own bytes. */
  readonly shardContainers: readonly Container[];
}

/**
 * Several files and an index that says which tensor lies in which (`{"metadata": …, "weight_map": {tensor: file}}`, as
 * transformers writes it beside safetensors and torch files). Index and files must tell the same.
 */
export function shardedContainer(options: ShardedContainerOptions): Container {
  return {
    name: options.name,
    entryNames: [options.entryName],
    detect: (probe) => detect(probe, options.shardPattern),
    open: (input) => open(input, options),
  };
}

async function detect({ head, source }: ContainerProbe, shardPattern: RegExp): Promise<Claim | undefined> {
  if (!/^\s*\{/.test(new TextDecoder().decode(head.subarray(0, 64)))) return undefined;
  if (source.size > defaultSafetensorsIndexLimits.indexBytes) return undefined;
  try {
    const text = new TextDecoder().decode(await source.read(0, source.size));
    const isIndex = text.includes('"weight_map"') && shardPattern.test(text);
    return isIndex ? { specificity: 80, evidence: "a JSON index with a weight_map" } : undefined;
  } catch {
    return undefined;
  }
}

async function open(input: ContainerInput, { shardContainers }: ShardedContainerOptions): Promise<OpenedContainer> {
  const { source, signal } = input;
  const index = await withFileName(source.name, async () => {
    const limit = defaultSafetensorsIndexLimits.indexBytes;
    if (source.size > limit)
      throw new LongspanError("limit-exceeded", `${source.name} has ${source.size} bytes; an index has at most ${limit}.`, {
        details: { file: source.name },
      });
    return parseSafetensorsIndex(await source.read(0, source.size, { signal }), { fileName: input.fileName });
  });
  const closes: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(closes.splice(0).map((closeOne) => closeOne()));
  };
  try {
    const shards = new Map<string, OpenedContainer>();
    for (const fileName of new Set(index.weightMap.values())) {
      shards.set(fileName, await openShard(input, fileName, shardContainers, closes));
    }
    const root = await mergeShards(source.name, index, shards);
    const attributes = new Map([...shards.values()].flatMap((shard) => [...shard.attributes]));
    for (const [key, value] of index.metadata) attributes.set(key, String(value));
    return { root, attributes, warnings: [...shards.values()].flatMap((shard) => shard.warnings), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openShard(
  input: ContainerInput,
  fileName: string,
  containers: readonly Container[],
  closes: (() => Promise<void>)[],
): Promise<OpenedContainer> {
  const { source, files, signal } = input;
  // A set of files knows plain names only; transformers writes no others.
  const shard = fileName.includes("/") ? undefined : await files.resolve(fileName);
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
  const opened = await container.open({ source: shard, fileName, files, signal });
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

async function mergeShards(file: string, index: SafetensorsIndex, shards: ReadonlyMap<string, OpenedContainer>): Promise<TreeValue> {
  const entries: (readonly [TreeValue, TreeValue])[] = [];
  const named = new Map<string, { readonly tensors: readonly { readonly name: string }[] }>();
  for (const [fileName, { root }] of shards) {
    if (!isTreeMap(root)) {
      const message = `${fileName}, a shard of ${file}, holds no dict of tensors. Save the parts of a state dict, not of anything else.`;
      throw new LongspanError("malformed", message, { details: { file, shard: fileName } });
    }
    named.set(fileName, { tensors: root.entries.flatMap(([key]) => (typeof key === "string" ? [{ name: key }] : [])) });
    // Not `push(...entries)`: there may be more than a call's arguments can be.
    for (const entry of root.entries) entries.push(entry);
  }
  await withFileName(file, () => checkShards(index, named));
  return treeMap(entries);
}
