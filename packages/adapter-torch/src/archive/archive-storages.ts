import { type ByteSource, LongspanError } from "@longspan/core";
import type { SourceStorage } from "@longspan/core/adapter";
import type { PickleValue } from "@longspan/pickle";
import { parseStorageId } from "../tree/persistent-id.ts";
import type { StorageId } from "../tree/persistent-id.ts";
import type { ResolveStorage, StorageView } from "../tree/storage-view.ts";
import { entrySource } from "../zip/entry-source.ts";
import type { TorchArchive } from "./torch-archive.ts";

/**
 * The storages of a zip archive by key: one `SourceStorage` each, so that ties show. As torch does, it demands that a storage's
 * entry has exactly the bytes that the pickle states, and that all who name a key state the same.
 * `maxVerifiedBytes`: storages of at most so many bytes have their checksum compared when they are read whole.
 */
export function archiveStorages(source: ByteSource, archive: TorchArchive, maxVerifiedBytes: number): ResolveStorage {
  const known = new Map<string, { readonly id: StorageId; readonly storage: SourceStorage }>();
  return (value: PickleValue): StorageView => {
    const id = parseStorageId(value, 5);
    const { key, storageClass, elements } = id;
    let found = known.get(key);
    if (found === undefined) {
      found = { id, storage: openStorage(source, archive, id, maxVerifiedBytes) };
      known.set(key, found);
    } else if (found.id.elements !== elements || found.id.storageClass.className !== storageClass.className) {
      throw new LongspanError(
        "tensor-invalid",
        `its storage "${key}" is stated as ${elements} elements of ${storageClass.className} and elsewhere as ${found.id.elements} of ${found.id.storageClass.className}`,
      );
    }
    return { storage: found.storage, storageClass, elementOffset: 0, elements };
  };
}

function openStorage(
  source: ByteSource,
  archive: TorchArchive,
  { key, storageClass, elements }: StorageId,
  maxVerifiedBytes: number,
): SourceStorage {
  const entry = archive.storage(key);
  if (entry === undefined)
    throw new LongspanError("tensor-invalid", `its storage, the entry "${archive.topFolder}/data/${key}", is not in the archive`);
  const byteLength = elements * storageClass.elementBytes;
  if (entry.byteLength !== byteLength) {
    throw new LongspanError(
      "tensor-invalid",
      `its storage of ${elements} elements of ${storageClass.className} takes ${byteLength} bytes, and the entry "${entry.name}" has ${entry.byteLength}`,
    );
  }
  return { source: entrySource(source, entry, byteLength <= maxVerifiedBytes), offset: 0, byteLength, byteOrder: archive.byteOrder };
}
