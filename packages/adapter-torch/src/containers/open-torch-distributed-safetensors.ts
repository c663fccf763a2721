import { type ByteSource, type LazyTensor, LongspanError } from "@longspan/core";
import {
  assembledTensor,
  budgetOf,
  type ContainerInput,
  isTensor,
  isTreeMap,
  type OpenedContainer,
  type TensorPiece,
  treeMap,
  type TreeValue,
} from "@longspan/core/adapter";
import { safetensorsContainer } from "@longspan/container-safetensors";
import { savedOffsets } from "../distributed/saved-offsets.ts";
import { safetensorsShardPattern } from "./safetensors-shard-name.ts";

/** Ranks times files of a model. */
const maxFiles = 10_000;

/** See `torchDistributedSafetensorsContainer`. */
export async function openTorchDistributedSafetensors(input: ContainerInput): Promise<OpenedContainer> {
  const { files, signal } = input;
  const budget = budgetOf(input);
  const names = ((await files.list?.()) ?? []).filter((name) => safetensorsShardPattern.test(name)).toSorted();
  if (names.length > maxFiles) {
    throw new LongspanError("limit-exceeded", `${files.name} holds ${names.length} shards; at most ${maxFiles} are read.`);
  }
  const closes: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(closes.splice(0).map((closeOne) => closeOne()));
  };
  try {
    const pieces = new Map<string, TensorPiece[]>();
    const others: (readonly [string, TreeValue])[] = [];
    for (const fileName of names) {
      const source = await files.resolve(fileName);
      if (source === undefined) throw new LongspanError("not-found", `There is no file ${fileName} in ${files.name}.`);
      closes.push(() => source.close());
      const opened = await safetensorsContainer().open({ source, fileName, files, signal, budget });
      closes.push(() => opened.close());
      collectPieces(source, opened, pieces, others);
    }
    const tensors = [...pieces].map(([name, blocks]) => [name, wholeOf(files.name, name, blocks)] as const);
    return { root: treeMap([...tensors, ...others]), attributes: new Map(), warnings: [], close };
  } catch (error) {
    await close();
    throw error;
  }
}

function collectPieces(
  source: ByteSource,
  { root, attributes }: OpenedContainer,
  pieces: Map<string, TensorPiece[]>,
  others: (readonly [string, TreeValue])[],
): void {
  const offsetsOf = savedOffsets(source, attributes);
  for (const [name, value] of isTreeMap(root) ? root.entries : []) {
    if (typeof name !== "string") continue;
    if (!isTensor(value)) {
      others.push([name, value]);
      continue;
    }
    const ofName = pieces.get(name) ?? [];
    ofName.push({ offsets: offsetsOf(name, value), tensor: value });
    pieces.set(name, ofName);
  }
}

/** The tensor reaches as far as its blocks do; nothing else tells its shape. */
function wholeOf(folder: string, name: string, pieces: readonly TensorPiece[]): LazyTensor {
  const dataType = pieces[0]?.tensor.dataType ?? "float32";
  const dimensions = pieces[0]?.offsets.length ?? 0;
  const shape = Array.from({ length: dimensions }, (_, axis) =>
    Math.max(...pieces.map(({ offsets, tensor }) => (offsets[axis] ?? 0) + (tensor.shape[axis] ?? 0))),
  );
  try {
    return assembledTensor({ name, dataType, shape, pieces });
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    throw new LongspanError(error.code, `${folder}: ${error.message}`, { cause: error, details: error.details });
  }
}
