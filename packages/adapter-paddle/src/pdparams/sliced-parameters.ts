import { elementCount, type LazyTensor, LongspanError } from "@longspan/core";
import {
  concatenatedSource,
  isTensor,
  isTreeMap,
  type SourceStorage,
  stridedTensor,
  type TreeMap,
  treeMap,
  type TreeValue,
} from "@longspan/core/adapter";

/** The key under which paddle.save describes what it cut up; the spelling is Paddle's. */
const slicesKey = "UnpackBigParamInfor@@";

/**
 * Joins the parameters that paddle.save cut up: with protocol 2 or 3, arrays of 2^30 bytes and more are flattened into `name@@.0`, `name@@.1`, …, and
 * `UnpackBigParamInfor@@` says `{name: {"OriginShape": shape, "slices": [names]}}` (python/paddle/framework/io_utils.py, `_unpack_saved_dict`). Nothing is read: the
 * joined tensor looks at all slices, one after the other.
 *
 * @returns the map without slices and description, a joined tensor standing where its first slice stood; the same map when nothing was cut up
 * @throws LongspanError `tensor-invalid` when slices are missing, used twice, of different kinds, or do not fill the shape
 */
export function joinSlicedParameters(root: TreeMap, fileName: string): TreeMap {
  const description = root.get(slicesKey);
  if (description === undefined) return root;
  if (!isTreeMap(description)) throw malformed(fileName, "is not a dict");
  const joined = new Map<string, LazyTensor>();
  const owner = new Map<string, string>();
  for (const [name, entry] of description.entries) {
    if (typeof name !== "string" || !isTreeMap(entry)) throw malformed(fileName, "does not map names to dicts");
    const names = sliceNames(entry.get("slices"));
    const shape = dimensions(entry.get("OriginShape"));
    if (names === undefined || shape === undefined) throw malformed(fileName, `lacks "OriginShape" or "slices" for "${name}"`);
    for (const slice of names) {
      const other = owner.get(slice);
      if (other !== undefined) throw malformed(fileName, `uses the slice "${slice}" for "${other}" and again for "${name}"`);
      owner.set(slice, name);
    }
    joined.set(name, joinSlices(name, shape, names, root, fileName));
  }
  const entries: (readonly [TreeValue, TreeValue])[] = [];
  const placed = new Set<string>();
  for (const [key, value] of root.entries) {
    if (key === slicesKey) continue;
    const name = typeof key === "string" ? (owner.get(key) ?? (joined.has(key) ? key : undefined)) : undefined;
    if (name === undefined) {
      entries.push([key, value]);
    } else if (!placed.has(name)) {
      placed.add(name);
      entries.push([name, joined.get(name) ?? null]);
    }
  }
  return treeMap(entries);
}

function joinSlices(name: string, shape: readonly number[], names: readonly string[], root: TreeMap, fileName: string): LazyTensor {
  const slices = names.map((slice) => {
    const value = root.get(slice);
    if (!isTensor(value))
      throw malformed(fileName, `names the slice "${slice}" of "${name}", which is ${value === undefined ? "missing" : "no tensor"}`);
    if (value.shape.length !== 1)
      throw malformed(fileName, `names the slice "${slice}" of "${name}", which has ${value.shape.length} dimensions instead of one`);
    return value;
  });
  const [first] = slices;
  if (first === undefined) throw malformed(fileName, `gives "${name}" no slices`);
  const count = slices.reduce((sum, slice) => sum + elementCount(slice.shape), 0);
  if (count !== elementCount(shape))
    throw malformed(fileName, `gives "${name}" slices of ${count} elements together for the shape [${shape.join(", ")}]`);
  const storages = slices.map((slice) => storageOf(slice, name, fileName));
  const byteOrder = storages[0]?.byteOrder ?? "little";
  if (slices.some((slice, index) => slice.dataType !== first.dataType || (storages[index]?.byteOrder ?? "little") !== byteOrder)) {
    throw malformed(fileName, `gives "${name}" slices of different data types`);
  }
  const source = concatenatedSource(fileName, storages);
  return stridedTensor({
    name,
    dataType: first.dataType,
    shape,
    storage: { source, offset: 0, byteLength: source.size, byteOrder },
  });
}

/** One-dimensional arrays as numpy pickles them fill their storage from its start. */
function storageOf(slice: LazyTensor, name: string, fileName: string): SourceStorage {
  const { bytes, elementOffset } = slice.storage;
  if (bytes === undefined || elementOffset !== 0 || bytes.byteLength !== slice.byteLength)
    throw malformed(fileName, `gives "${name}" the slice "${slice.name}", which is a view`);
  return bytes;
}

function sliceNames(value: TreeValue | undefined): string[] | undefined {
  if (typeof value !== "object" || value === null || (value.kind !== "list" && value.kind !== "tuple")) return undefined;
  const names = value.items.filter((item) => typeof item === "string");
  return names.length === value.items.length ? names : undefined;
}

function dimensions(value: TreeValue | undefined): number[] | undefined {
  if (typeof value !== "object" || value === null || (value.kind !== "list" && value.kind !== "tuple")) return undefined;
  const sizes = value.items.filter((item) => typeof item === "number");
  return sizes.length === value.items.length ? sizes : undefined;
}

function malformed(fileName: string, why: string): LongspanError {
  return new LongspanError(
    "tensor-invalid",
    `${fileName}: "${slicesKey}", which says how large parameters were cut up, ${why}. The file is damaged: write it again, with protocol 4.`,
  );
}
