import { type ByteSource, LongspanError } from "@longspan/core";
import type { SourceStorage } from "@longspan/core/adapter";
import { asSequence, asString, describe } from "@longspan/pickle";
import type { PickleValue } from "@longspan/pickle";
import { parseStorageId } from "../tree/persistent-id.ts";
import type { StorageId } from "../tree/persistent-id.ts";
import { persistentIds } from "../tree/persistent-ids.ts";
import type { ResolveStorage } from "../tree/storage-view.ts";

/** Every storage is preceded by its number of elements. */
const countBytes = 8;

/** A reference that is not one to a storage that can be understood; tensors that use it are refused, others are not. */
function storageIds(root: PickleValue): Map<string, StorageId> {
  const ids = new Map<string, StorageId>();
  for (const value of persistentIds(root)) {
    if (asString(asSequence(value)?.[0]) !== "storage") continue;
    const id = parseStorageId(value, 6);
    const before = ids.get(id.key);
    if (before !== undefined && (before.elements !== id.elements || before.storageClass.className !== id.storageClass.className)) {
      throw new LongspanError(
        "tensor-invalid",
        `the storage "${id.key}" is stated as ${id.elements} elements of ${id.storageClass.className} and elsewhere as ${before.elements} of ${before.storageClass.className}`,
      );
    }
    ids.set(id.key, id);
  }
  return ids;
}

/**
 * Walks the storages at the end of a legacy stream: for each key of the list a count of elements and the bytes, which are little
 * endian whatever machine wrote them (torch/csrc/serialization.cpp, THPStorage_writeFileRaw).
 * @param keys The fifth pickle: the keys in the order of the storages.
 * @throws LongspanError `truncated`, `tensor-invalid`, `malformed`.
 */
export async function legacyStorages(
  source: ByteSource,
  root: PickleValue,
  keys: PickleValue,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly resolveStorage: ResolveStorage; readonly end: number }> {
  const fail = (code: "malformed" | "truncated" | "tensor-invalid", problem: string, at: number, cause?: unknown): never => {
    const message = `${source.name}, byte ${at}: ${problem}. The file is damaged or was cut off: copy or download it again.`;
    throw new LongspanError(code, message, { details: { file: source.name, offset: at }, cause });
  };
  const ids = idsOf(source, root);
  const list = asSequence(keys) ?? fail("malformed", `the list of storages is ${describe(keys)}`, offset);
  const storages = new Map<string, SourceStorage>();
  let position = offset;
  for (const item of list) {
    const key = asString(item) ?? fail("malformed", `a storage's key is ${describe(item)}, where text is expected`, position);
    const id = ids.get(key) ?? fail("malformed", `the storage ${JSON.stringify(key)} is listed, but no tensor refers to it`, position);
    if (storages.has(key)) fail("malformed", `the storage ${JSON.stringify(key)} is listed twice`, position);
    if (position + countBytes > source.size) fail("truncated", `the file ends where storage ${JSON.stringify(key)} should begin`, position);
    const bytes = await source.read(position, countBytes, { signal });
    const stated = new DataView(bytes.buffer, bytes.byteOffset, countBytes).getBigUint64(0, true);
    if (stated !== BigInt(id.elements)) {
      fail("tensor-invalid", `the storage ${JSON.stringify(key)} has ${stated} elements, and its tensors expect ${id.elements}`, position);
    }
    const byteLength = id.elements * id.storageClass.elementBytes;
    if (position + countBytes + byteLength > source.size) {
      fail(
        "truncated",
        `the storage ${JSON.stringify(key)} takes ${byteLength} bytes, and the file ends after ${source.size - position - countBytes}`,
        position,
      );
    }
    storages.set(key, { source, offset: position + countBytes, byteLength });
    position += countBytes + byteLength;
  }
  return { resolveStorage: resolver(storages), end: position };
}

function idsOf(source: ByteSource, root: PickleValue): Map<string, StorageId> {
  try {
    return storageIds(root);
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    // Without all sizes, no storage behind the first unknown one can be found.
    const message = `${source.name}: a reference to a storage cannot be understood: ${error.message}. The file is damaged or was not written by torch.`;
    throw new LongspanError(error.code, message, { cause: error, details: { file: source.name } });
  }
}

function resolver(storages: ReadonlyMap<string, SourceStorage>): ResolveStorage {
  return (value) => {
    const { key, storageClass, elements, view } = parseStorageId(value, 6);
    const storage = storages.get(key);
    if (storage === undefined) throw new LongspanError("tensor-invalid", `its storage ${JSON.stringify(key)} is not in the file's list`);
    return { storage, storageClass, elementOffset: view?.elementOffset ?? 0, elements: view?.elements ?? elements };
  };
}
