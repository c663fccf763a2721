import { type LazyTensor, LongspanError } from "@longspan/core";
import { memoryCosts, treeMap, type TreeMap, type TreeOpaque, type TreeValue } from "@longspan/core/adapter";
import { readTextAttributes } from "../hdf5/attributes.ts";
import { datasetTensor, isDataset } from "../hdf5/dataset.ts";
import { isGroup, readLinks } from "../hdf5/group.ts";
import type { Link } from "../hdf5/group.ts";
import type { Hdf5File } from "../hdf5/hdf5-file.ts";
import { malformed } from "../hdf5/malformed.ts";
import { readObjectHeader } from "../hdf5/object-header.ts";

/** Groups and datasets of one file. A model of 1,000 layers has 40,000. */
const maxObjects = 200_000;

/** Groups within groups: a weight's name has some ten segments. */
const maxDepth = 64;

/** Where the lists of names stand: at the root, on layers, and on layers of a model saved whole (`model_weights/…`). */
const attributeDepth = 2;

/** An HDF5 dataset that is no tensor of ours; whoever needs it throws the error. */
interface RefusedDataset extends TreeOpaque {
  readonly reason: string;
  readonly error: LongspanError;
}

export interface Hdf5Tree {
  readonly root: TreeMap;
  /** The text attributes of groups near the root, by path (`""`: the root) and name. */
  readonly attributes: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
}

/**
 * A file's groups as maps and its datasets as lazy tensors. An object that has several names stands under all of them as one object,
 * so that ties are visible. Links to other names or files are opaque.
 * @throws LongspanError `malformed`, `unsupported`, `limit-exceeded`, `truncated`, and what the source throws.
 */
export async function readHdf5Tree(file: Hdf5File): Promise<Hdf5Tree> {
  const { budget } = file;
  const attributes = new Map<string, ReadonlyMap<string, readonly string[]>>();
  const known = new Map<number, TreeValue>();
  const open = new Set<number>();

  async function value(link: Link, path: readonly string[]): Promise<TreeValue> {
    if (link.address === undefined)
      return { kind: "opaque", className: "h5py.SoftLink", reason: `${path.join("/")} is a link to another name` };
    const before = known.get(link.address);
    if (before !== undefined) return before;
    if (open.has(link.address)) throw malformed(file.name, `the group "${path.join("/").slice(0, 200)}" contains itself`);
    if (known.size + open.size >= maxObjects || path.length > maxDepth) {
      throw new LongspanError(
        "limit-exceeded",
        `${file.name} has more than ${maxObjects} groups and datasets, or groups nested more than ${maxDepth} deep. This is no file of weights.`,
        { details: { file: file.name } },
      );
    }
    open.add(link.address);
    const made = await readObject(link.address, path);
    open.delete(link.address);
    known.set(link.address, made);
    return made;
  }

  async function readObject(address: number, path: readonly string[]): Promise<TreeValue> {
    const messages = await readObjectHeader(file, address);
    if (isDataset(messages)) {
      budget.spend(memoryCosts.tensor);
      return tensorOrRefusal(file, path.join("/"), messages);
    }
    if (!isGroup(messages)) return { kind: "opaque", className: "h5py.Datatype", reason: `${path.join("/")} is a type, not a dataset` };
    if (path.length <= attributeDepth) attributes.set(path.join("/"), await readTextAttributes(file, messages));
    const entries: [string, TreeValue][] = [];
    budget.spend(memoryCosts.map);
    for (const link of await readLinks(file, messages)) {
      budget.spend(memoryCosts.entry + memoryCosts.text + link.name.length * memoryCosts.character);
      entries.push([link.name, await value(link, [...path, link.name])]);
    }
    return treeMap(entries);
  }

  const root = await value({ name: "", address: file.root }, []);
  if (typeof root !== "object" || root === null || root.kind !== "map") throw malformed(file.name, "its root is no group");
  return { root, attributes };
}

function tensorOrRefusal(file: Hdf5File, name: string, messages: Parameters<typeof datasetTensor>[2]): LazyTensor | RefusedDataset {
  try {
    return datasetTensor(file, name, messages);
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    return {
      kind: "opaque",
      className: "h5py.Dataset",
      reason: typeof error.details.reason === "string" ? error.details.reason : error.message,
      error,
    };
  }
}
