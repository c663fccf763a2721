import { LongspanError } from "@longspan/core";
import { asInteger, asString, asTuple, describe } from "@longspan/pickle";
import type { PickleValue } from "@longspan/pickle";
import { storageClass } from "./storage-class.ts";
import type { StorageClass } from "./storage-class.ts";

/** `("storage", class, key, location, numel)`, and in legacy files a sixth item: `None` or `(view key, offset, size)`. */
export interface StorageId {
  readonly storageClass: StorageClass;
  readonly key: string;
  /** Elements of the whole storage. */
  readonly elements: number;
  /** The part of the storage that is meant, in elements. */
  readonly view: { readonly elementOffset: number; readonly elements: number } | undefined;
}

/**
 * Reads the tuple by which torch refers to a storage (torch/serialization.py, `persistent_id` of `_save` and `_legacy_save`).
 * @throws LongspanError `tensor-invalid`; the message names neither file nor tensor.
 */
export function parseStorageId(id: PickleValue, length: 5 | 6): StorageId {
  const items = asTuple(id);
  if (items === undefined || items.length !== length || asString(items[0]) !== "storage") {
    throw new LongspanError(
      "tensor-invalid",
      `the reference to its storage is ${describe(id)}, where a tuple of ${length} that begins with 'storage' is expected`,
    );
  }
  const key = asString(items[2]);
  if (key === undefined)
    throw new LongspanError("tensor-invalid", `its storage's key is ${describe(items[2] ?? null)}, where text is expected`);
  const storage = storageClass(items[1]);
  const elements = count(items[4], "storage's number of elements", storage);
  return { storageClass: storage, key, elements, view: length === 6 ? parseView(items[5], elements, storage) : undefined };
}

function parseView(value: PickleValue | undefined, elements: number, storage: StorageClass): StorageId["view"] {
  if (value === null) return undefined;
  const items = asTuple(value);
  if (items?.length !== 3)
    throw new LongspanError("tensor-invalid", `its part of a storage is ${describe(value ?? null)}, where (key, offset, size) is expected`);
  const view = {
    elementOffset: count(items[1], "offset into a storage", storage),
    elements: count(items[2], "part of a storage", storage),
  };
  if (view.elementOffset + view.elements > elements) {
    throw new LongspanError(
      "tensor-invalid",
      `its part of a storage (${view.elements} elements from ${view.elementOffset}) leaves the storage's ${elements}`,
    );
  }
  return view;
}

function count(value: PickleValue | undefined, what: string, storage: StorageClass): number {
  const number = asInteger(value);
  if (number !== undefined && number >= 0 && Number.isSafeInteger(number * storage.elementBytes)) return number;
  throw new LongspanError(
    "tensor-invalid",
    `its ${what} is ${value === undefined ? "missing" : describe(value)}, where an integer of at least 0 is expected`,
  );
}
