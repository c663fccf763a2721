import {
  type ByteSource,
  bytesPerElement,
  type DataType,
  elementCount,
  type FileSet,
  type LazyTensor,
  LongspanError,
} from "@longspan/core";
import { assembledTensor, concatenatedSource, isTensor, type MemoryBudget, stridedTensor, type TreeValue } from "@longspan/core/adapter";
import { torchZipContainer } from "../containers/torch-zip.ts";
import type { TorchZipOptions } from "../containers/torch-zip.ts";
import type { ItemPlace, StoredPiece, StoredTensor } from "./distributed-metadata.ts";

/** The files of a distributed checkpoint, opened. */
export interface StoredFiles {
  readonly folder: FileSet;
  /** By plain name. */
  readonly sources: ReadonlyMap<string, ByteSource>;
  readonly options: TorchZipOptions;
}

/**
 * A tensor made of its blocks. Each block is a file of `torch.save` inside a larger one, and is opened when its values are first asked for: only
 * then its own type and shape are seen and compared.
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

function storedPiece(name: string, { place, shape }: StoredPiece, dataType: DataType, files: StoredFiles): LazyTensor {
  let opening: Promise<LazyTensor> | undefined;
  const open = async (signal: AbortSignal | undefined): Promise<LazyTensor> => {
    const value = await readStoredValue(place, files, signal);
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
  const byteLength = elementCount(shape) * bytesPerElement(dataType);
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

/** What `torch.save` wrote at that place. @throws LongspanError `truncated`, `malformed`, `not-found`. */
export async function readStoredValue(
  place: ItemPlace,
  files: StoredFiles,
  signal: AbortSignal | undefined,
  budget?: MemoryBudget,
): Promise<TreeValue> {
  const { fileName, offset, byteLength } = place;
  const file = files.sources.get(fileName);
  if (file === undefined) throw new LongspanError("not-found", `${files.folder.name}/${fileName} is not open.`);
  const source = concatenatedSource(`${file.name} (from byte ${offset})`, [{ source: file, offset, byteLength }]);
  const opened = await torchZipContainer(files.options).open({ source, fileName, files: files.folder, budget, signal });
  return opened.root;
}
