import { type DataType, LongspanError } from "@longspan/core";
import { asAttributes, asDict, asInteger, asSequence, asString, asTuple, classOf, describe, isMadeBy } from "@longspan/pickle";
import type { PickleObject, PickleValue } from "@longspan/pickle";
import { dataTypeOf } from "../tree/storage-class.ts";
import { metadataModule } from "./begins-as-metadata.ts";

/** Where one item's bytes stand: a file of `torch.save` inside another file. */
export interface ItemPlace {
  readonly fileName: string;
  /** Bytes into the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** One block of a tensor, and where it is stored. */
export interface StoredPiece {
  readonly offsets: readonly number[];
  readonly shape: readonly number[];
  readonly place: ItemPlace;
}

export interface StoredTensor {
  readonly kind: "tensor";
  readonly shape: readonly number[];
  /** The element type; or why there is none of ours. */
  readonly dataType: DataType | LongspanError;
  readonly pieces: readonly StoredPiece[];
}

/** Any other value, pickled. */
interface StoredObject {
  readonly kind: "object";
  readonly place: ItemPlace;
}

/** What `.metadata` says of one entry of the state dict. */
export interface StoredItem {
  /** The flat name: `model.encoder.layer.0.…`. */
  readonly name: string;
  /** The keys that lead to it in the state dict as it was saved; the flat name alone, where the file does not say. */
  readonly path: readonly (string | number)[];
  readonly value: StoredTensor | StoredObject;
}

/** Keys that lead to a value; no state dict nests deeper. */
const deepestPath = 64;

/**
 * Reads what `.metadata` says (torch/distributed/checkpoint/metadata.py, filesystem.py): which tensors there are, in what blocks, and where each
 * block's bytes stand.
 * @throws LongspanError `malformed`, `unsupported` (compressed items); the message names the file.
 */
export function readDistributedMetadata(file: string, root: PickleValue): StoredItem[] {
  const fail = (problem: string): never => {
    throw new LongspanError(
      "malformed",
      `${file} ${problem}. Copy the checkpoint again, or write it again with torch.distributed.checkpoint.`,
      {
        details: { file },
      },
    );
  };
  const attributes = isOfClass(root, "Metadata") ? asAttributes(root) : undefined;
  const described = asDict(attributes?.get("state_dict_metadata"));
  const stored = asDict(attributes?.get("storage_data"));
  if (attributes === undefined || described === undefined)
    return fail(`holds ${describe(root, 120)}, not the metadata of a distributed checkpoint`);
  if (stored === undefined) return fail("does not say where the values lie");
  const places = placesOf(file, stored.entries, fail);
  const paths = asDict(attributes.get("planner_data"));
  const items: StoredItem[] = [];
  for (const [key, value] of described.entries) {
    const name = asString(key) ?? fail(`has an entry named ${describe(key, 80)}`);
    items.push({ name, path: pathOf(paths?.get(name)) ?? [name], value: valueOf(name, value, places, fail) });
  }
  return items;
}

type Fail = (problem: string) => never;

type Places = ReadonlyMap<string, ReadonlyMap<string, ItemPlace>>;

/** By name, then by the block's offsets as text; an object's are "". */
function placesOf(file: string, entries: readonly (readonly [PickleValue, PickleValue])[], fail: Fail): Places {
  const places = new Map<string, Map<string, ItemPlace>>();
  for (const [key, value] of entries) {
    const index = attributesOf(key);
    const info = attributesOf(value);
    const name = asString(index?.get("fqn"));
    const fileName = asString(info?.get("relative_path"));
    const offset = asInteger(info?.get("offset"));
    const byteLength = asInteger(info?.get("length"));
    if (name === undefined || fileName === undefined || offset === undefined || byteLength === undefined || offset < 0 || byteLength < 0) {
      return fail(`places ${describe(key, 80)} at ${describe(value, 80)}, which is no file, offset and length`);
    }
    const transforms = asSequence(info?.get("transform_descriptors")) ?? [];
    if (transforms.length > 0) {
      throw new LongspanError(
        "unsupported",
        `${file}: "${name}" is stored through ${describe(transforms[0] ?? null, 40)} (compressed or encrypted). Load the checkpoint with torch.distributed.checkpoint and save it without extensions.`,
        { details: { file, tensor: name } },
      );
    }
    const where = index?.get("offset");
    const offsets = where === undefined || where === null ? "" : sizesOf(where, fail).join(",");
    const ofName = places.get(name) ?? new Map<string, ItemPlace>();
    ofName.set(offsets, { fileName, offset, byteLength });
    places.set(name, ofName);
  }
  return places;
}

function valueOf(name: string, value: PickleValue, places: Places, fail: Fail): StoredTensor | StoredObject {
  const place = (offsets: string): ItemPlace => places.get(name)?.get(offsets) ?? fail(`does not say where "${name}" [${offsets}] lies`);
  if (isOfClass(value, "BytesStorageMetadata")) return { kind: "object", place: place("") };
  const attributes = isOfClass(value, "TensorStorageMetadata") ? asAttributes(value) : undefined;
  const chunks = asSequence(attributes?.get("chunks"));
  if (attributes === undefined || chunks === undefined) return fail(`describes "${name}" by ${describe(value, 80)}`);
  const pieces = chunks.map((chunk): StoredPiece => {
    const piece = attributesOf(chunk);
    const offsets = sizesOf(piece?.get("offsets"), fail);
    return { offsets, shape: sizesOf(piece?.get("sizes"), fail), place: place(offsets.join(",")) };
  });
  return { kind: "tensor", shape: sizesOf(attributes.get("size"), fail), dataType: typeOf(attributes.get("properties")), pieces };
}

/** `TensorProperties` is stored as (data type, layout, requires grad, memory format, pinned). */
function typeOf(properties: PickleValue | undefined): DataType | LongspanError {
  const [dataType, layout] = asTuple(isObject(properties) ? properties.state : undefined) ?? [];
  try {
    if (layout !== undefined && !describe(layout).includes("torch.strided")) {
      throw new LongspanError("unsupported", `it has the layout ${describe(layout, 60)}: save it after to_dense()`);
    }
    return dataTypeOf(dataType);
  } catch (error) {
    if (LongspanError.isInstance(error)) return error;
    throw error;
  }
}

function pathOf(value: PickleValue | undefined): readonly (string | number)[] | undefined {
  const keys = asSequence(value)?.map((key) => asString(key) ?? asInteger(key));
  if (keys === undefined || keys.length === 0 || keys.length > deepestPath) return undefined;
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

function sizesOf(value: PickleValue | undefined, fail: Fail): number[] {
  const items = asSequence(isMadeBy(value, "torch", "Size") ? value.args[0] : value);
  const sizes = items?.map((item) => asInteger(item));
  if (sizes?.every((size) => size !== undefined && size >= 0) === true) return sizes as number[];
  return fail(`has ${value === undefined ? "nothing" : describe(value, 80)} where sizes are expected`);
}

function attributesOf(value: PickleValue | undefined): ReturnType<typeof asAttributes> {
  return isObject(value) ? asAttributes(value) : undefined;
}

function isObject(value: PickleValue | undefined): value is PickleObject {
  return typeof value === "object" && value !== null && value.kind === "object";
}

function isOfClass(value: PickleValue, name: string): value is PickleObject {
  if (!isObject(value)) return false;
  const found = classOf(value);
  return typeof found === "object" && found?.kind === "global" && found.module === metadataModule && found.name === name;
}
