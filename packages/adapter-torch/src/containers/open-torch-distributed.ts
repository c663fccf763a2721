import { type ByteSource, LongspanError } from "@longspan/core";
import {
  budgetOf,
  type ContainerInput,
  isTreeMap,
  type MemoryBudget,
  memoryCosts,
  type OpenedContainer,
  treeMap,
  type TreeMap,
  type TreeValue,
} from "@longspan/core/adapter";
import { readDistributedMetadata } from "../distributed/distributed-metadata.ts";
import type { ItemPlace, StoredItem } from "../distributed/distributed-metadata.ts";
import { nestedTree } from "../distributed/state-dict-tree.ts";
import { readStoredValue, storedTensor } from "../distributed/stored-values.ts";
import type { StoredFiles } from "../distributed/stored-values.ts";
import { readPickleOf } from "../tree/read-pickle-of.ts";
import { refusedTensor } from "../tree/refused-tensor.ts";
import { torchZipContainer } from "./torch-zip.ts";
import type { TorchZipOptions } from "./torch-zip.ts";

/** Objects beside the tensors are read where they are small and few: a configuration, a step; not the state of data loaders. */
const maxObjectBytes = 2 ** 16;
const maxObjects = 512;

/** What Lightning writes beside the shards: the checkpoint's other entries. */
const lightningFileName = "meta.pt";

/** See `torchDistributedContainer`. */
export async function openTorchDistributed(input: ContainerInput, options: TorchZipOptions): Promise<OpenedContainer> {
  const { source, files: folder, signal } = input;
  const budget = budgetOf(input);
  const { value } = await readPickleOf(
    { file: source.name, part: "metadata", budget },
    { size: source.size, read: (offset, length) => source.read(offset, length, { signal }) },
  );
  const items = readDistributedMetadata(source.name, value);
  for (const { value: stored } of items)
    budget.spend(memoryCosts.tensor * Math.max(1, stored.kind === "object" ? 0 : stored.pieces.length));
  const sources = new Map<string, ByteSource>();
  const close = async (): Promise<void> => {
    await Promise.all([...sources.values()].map((file) => file.close()));
  };
  try {
    for (const place of placesOf(items)) await openFile(input, place, sources);
    const files: StoredFiles = { folder, sources, safetensors: new Map(), options };
    const tree = nestedTree(await Promise.all(valuesOf(source.name, items, files, budget, signal)));
    return { root: await withLightning(tree, { ...input, budget }, options, sources), attributes: new Map(), warnings: [], close };
  } catch (error) {
    await close();
    throw error;
  }
}

function placesOf(items: readonly StoredItem[]): ItemPlace[] {
  return items.flatMap(({ value }) => (value.kind === "object" ? [value.place] : value.pieces.map(({ place }) => place)));
}

async function openFile(
  { source, files }: ContainerInput,
  { fileName, offset, byteLength }: ItemPlace,
  sources: Map<string, ByteSource>,
): Promise<void> {
  let file = sources.get(fileName);
  if (file === undefined) {
    file = await files.resolve(fileName);
    if (file === undefined) {
      const message = `${source.name} names the file ${JSON.stringify(fileName)}, which is not in ${files.name}. The checkpoint was written by several processes: copy the files of all of them into one folder.`;
      throw new LongspanError("not-found", message, { details: { file: source.name, shard: fileName } });
    }
    sources.set(fileName, file);
  }
  if (offset + byteLength <= file.size) return;
  const message = `${file.name} has ${file.size} bytes, and ${source.name} looks for some up to byte ${offset + byteLength}. Copy it again.`;
  throw new LongspanError("truncated", message, { details: { file: file.name, offset } });
}

function valuesOf(
  file: string,
  items: readonly StoredItem[],
  files: StoredFiles,
  budget: MemoryBudget,
  signal: AbortSignal | undefined,
): Promise<{ name: string; path: StoredItem["path"]; value: TreeValue }>[] {
  let objects = 0;
  return items.map(async ({ name, path, value }) => {
    if (value.kind === "tensor") return { name, path, value: tensorOrRefusal(file, name, value, files) };
    const isRead = value.place.byteLength <= maxObjectBytes && objects++ < maxObjects;
    return { name, path, value: isRead ? await objectAt(value.place, files, budget, signal) : unreadObject };
  });
}

const unreadObject: TreeValue = { kind: "opaque", className: "torch.distributed.checkpoint.metadata.BytesStorageMetadata" };

/** Of objects only plain data matters; one that cannot be read is as one of an unknown class. */
async function objectAt(place: ItemPlace, files: StoredFiles, budget: MemoryBudget, signal: AbortSignal | undefined): Promise<TreeValue> {
  try {
    return await readStoredValue(place, files, signal, budget);
  } catch (error) {
    if (LongspanError.isInstance(error) && (error.code === "malformed" || error.code === "unsupported")) return unreadObject;
    throw error;
  }
}

function tensorOrRefusal(
  file: string,
  name: string,
  stored: Extract<StoredItem["value"], { kind: "tensor" }>,
  files: StoredFiles,
): TreeValue {
  try {
    if (LongspanError.isInstance(stored.dataType)) throw stored.dataType;
    return storedTensor(name, stored, stored.dataType, files);
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    return refusedTensor({ className: "torch.Tensor", file, name }, error);
  }
}

async function withLightning(
  tree: TreeMap,
  input: ContainerInput,
  options: TorchZipOptions,
  sources: Map<string, ByteSource>,
): Promise<TreeMap> {
  const source = await input.files.resolve(lightningFileName);
  if (source === undefined) return tree;
  sources.set(lightningFileName, source);
  const { files, budget, signal } = input;
  const opened = await torchZipContainer(options).open({ source, fileName: lightningFileName, files, budget, signal });
  if (!isTreeMap(opened.root)) return tree;
  const keys = new Set(tree.entries.map(([key]) => key));
  return treeMap([...tree.entries, ...opened.root.entries.filter(([key]) => !keys.has(key))]);
}
