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
import { safetensorsShardPattern } from "./safetensors-shard-name.ts";

/** Where in its tensor each block of a file lies (torch/distributed/checkpoint/_hf_utils.py, `CUSTOM_METADATA_KEY`). */
const offsetsKey = "DCP_SHARDING_INFO";

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
  const offsets = offsetsOf(source, attributes.get(offsetsKey));
  for (const [name, value] of isTreeMap(root) ? root.entries : []) {
    if (typeof name !== "string") continue;
    if (!isTensor(value)) {
      others.push([name, value]);
      continue;
    }
    const given = offsets[name]?.saved_offsets;
    if (
      !Array.isArray(given) ||
      given.length !== value.shape.length ||
      !given.every((offset) => Number.isSafeInteger(offset) && offset >= 0)
    ) {
      throw damaged(source, `does not say which block of "${name}" it holds ("${offsetsKey}")`);
    }
    const ofName = pieces.get(name) ?? [];
    ofName.push({ offsets: given as number[], tensor: value });
    pieces.set(name, ofName);
  }
}

function offsetsOf(
  source: ByteSource,
  text: string | undefined,
): Readonly<Record<string, { readonly saved_offsets?: unknown } | undefined>> {
  try {
    const table: unknown = JSON.parse(text ?? "");
    if (typeof table === "object" && table !== null)
      return Object.assign(Object.create(null), table) as Record<string, { saved_offsets?: unknown }>;
  } catch {
    // Told below.
  }
  throw damaged(source, `has no table of blocks ("${offsetsKey}") in its metadata`);
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

function damaged(source: ByteSource, problem: string): LongspanError {
  return new LongspanError(
    "malformed",
    `${source.name} is a shard of a distributed checkpoint and ${problem}. Copy it again, or write the checkpoint again.`,
    {
      details: { file: source.name },
    },
  );
}
