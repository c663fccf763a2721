import {
  type ByteSource,
  bytesPerElement,
  type DataType,
  elementCount,
  type FileSet,
  type LazyTensor,
  LongspanError,
} from "@longspan/core";
import { safetensorsContainer } from "@longspan/container-safetensors";
import {
  assembledTensor,
  concatenatedSource,
  isTensor,
  isTreeMap,
  type MemoryBudget,
  stridedTensor,
  type TreeValue,
} from "@longspan/core/adapter";
import { torchZipContainer } from "../containers/torch-zip.ts";
import type { TorchZipOptions } from "../containers/torch-zip.ts";
import { savedOffsets } from "./saved-offsets.ts";
import type { ItemPlace, StoredPiece, StoredTensor } from "./distributed-metadata.ts";

/** The files of a distributed checkpoint, opened. */
export interface StoredFiles {
  readonly folder: FileSet;
  /** By plain name. */
  readonly sources: ReadonlyMap<string, ByteSource>;
  /** The safetensors files inside them that were opened so far, by file and offset. */
  readonly safetensors: Map<string, Promise<Blocks>>;
  readonly options: TorchZipOptions;
}

/** The blocks of a safetensors file by name, each with its offsets in its tensor. */
type Blocks = ReadonlyMap<string, { readonly tensor: LazyTensor; readonly offsets: readonly number[] }>;

/**
 * A tensor made of its blocks. Each block is a file of `torch.save` inside a larger one, or lies in a safetensors file there, and is opened when
 * its values are first asked for: only then its own type and shape are seen and compared.
 * @throws LongspanError `tensor-invalid`, `limit-exceeded`; when read also `truncated`, `malformed`.
 */
export function storedTensor(name: string, { shape, pieces }: StoredTensor, dataType: DataType, files: StoredFiles): LazyTensor {
  return assembledTensor({
    name,
    dataType,
    shape,
    pieces: pieces.map((piece) => ({ offsets: piece.offsets, tensor: storedPiece(name, piece, dataType, files) })),
  });
}

function storedPiece(name: string, { place, shape, offsets }: StoredPiece, dataType: DataType, files: StoredFiles): LazyTensor {
  const byteLength = elementCount(shape) * bytesPerElement(dataType);
  // What torch.save writes has more bytes than its values.
  const isNamed = place.byteLength === byteLength;
  let opening: Promise<LazyTensor> | undefined;
  const open = async (signal: AbortSignal | undefined): Promise<LazyTensor> => {
    const value = await (isNamed ? readNamedBlock(name, offsets, place, files) : readStoredValue(place, files, signal));
    if (
      isTensor(value) &&
      value.dataType === dataType &&
      value.shape.length === shape.length &&
      value.shape.every((size, axis) => size === shape[axis])
    ) {
      return value;
    }
    const found = isTensor(value) ? `${value.dataType} [${value.shape.join(", ")}]` : "no tensor";
    throw new LongspanError(
      "tensor-invalid",
      `${files.folder.name}: tensor "${name}": ${place.fileName} has ${found} at byte ${place.offset}, where .metadata says ${dataType} [${shape.join(", ")}]. The files are not of one checkpoint: copy or write all of them again.`,
      { details: { tensor: name, file: place.fileName, offset: place.offset } },
    );
  };
  const source: ByteSource = {
    name: `${files.folder.name}/${place.fileName} ("${name}")`,
    size: byteLength,
    async read(offset, length, options) {
      // A read that failed or was aborted may be tried again.
      opening ??= open(options?.signal).catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return (await opening).readBytes(offset, length, options);
    },
    close: async () => {},
  };
  return stridedTensor({ name, dataType, shape, storage: { source, offset: 0, byteLength } });
}

/**
 * The block of a tensor that `FileSystemWriter(serialization_format=SAFETENSORS)` wrote: a file ends by a safetensors file of all its tensors, and
 * each of them is placed where that begins (torch/distributed/checkpoint/filesystem.py, `_write_files_from_queue`). It has one block of a name,
 * whichever of a rank's blocks was written last.
 * @throws LongspanError `truncated`, `malformed`, `not-found`, `tensor-invalid`
 */
async function readNamedBlock(
  name: string,
  offsets: readonly number[],
  { fileName, offset }: ItemPlace,
  files: StoredFiles,
): Promise<TreeValue> {
  const key = `${offset} ${fileName}`;
  // Others wait for it, too: whoever leaves does not end it.
  const opening = files.safetensors.get(key) ?? openSafetensors(fileName, offset, files);
  files.safetensors.set(key, opening);
  const blocks = await opening.catch((error: unknown) => {
    files.safetensors.delete(key);
    throw error;
  });
  const block = blocks.get(name);
  if (block?.offsets.join(",") === offsets.join(",")) return block.tensor;
  const found = block === undefined ? "no block" : `the block at [${block.offsets.join(", ")}]`;
  throw new LongspanError(
    "tensor-invalid",
    `${files.folder.name}: tensor "${name}": the safetensors file in ${fileName} has ${found} of it, and .metadata says the one at [${offsets.join(", ")}]. In this form torch keeps one block of a tensor for each file: save the checkpoint again without serialization_format.`,
    { details: { tensor: name, file: fileName, offset } },
  );
}

async function openSafetensors(fileName: string, offset: number, files: StoredFiles): Promise<Blocks> {
  const source = sourceAt({ fileName, offset }, files);
  const { root, attributes } = await safetensorsContainer().open({ source, fileName, files: files.folder });
  const offsetsOf = savedOffsets(source, attributes);
  const tensors = isTreeMap(root) ? root.entries : [];
  return new Map(
    tensors.flatMap(([name, tensor]) =>
      typeof name === "string" && isTensor(tensor) ? [[name, { tensor, offsets: offsetsOf(name, tensor) }]] : [],
    ),
  );
}

/** What `torch.save` wrote at that place. @throws LongspanError `truncated`, `malformed`, `not-found`. */
export async function readStoredValue(
  place: ItemPlace,
  files: StoredFiles,
  signal: AbortSignal | undefined,
  budget?: MemoryBudget,
): Promise<TreeValue> {
  const { fileName } = place;
  const source = sourceAt(place, files);
  const opened = await torchZipContainer(files.options).open({ source, fileName, files: files.folder, budget, signal });
  return opened.root;
}

/** What lies at that place of a file; without a length, all from there on. */
function sourceAt(
  { fileName, offset, byteLength }: Omit<ItemPlace, "byteLength"> & Partial<ItemPlace>,
  { folder, sources }: StoredFiles,
): ByteSource {
  const source = sources.get(fileName);
  if (source === undefined) throw new LongspanError("not-found", `${folder.name}/${fileName} is not open.`);
  return concatenatedSource(`${source.name} (from byte ${offset})`, [{ source, offset, byteLength: byteLength ?? source.size - offset }]);
}
