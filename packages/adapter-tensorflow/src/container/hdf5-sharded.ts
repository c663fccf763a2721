import {
  type Container,
  flattenTree,
  isTreeMap,
  type OpenedContainer,
  treeMap,
  type TreeMap,
  type TreeValue,
} from "@longspan/core/adapter";
import { shardedContainer } from "@longspan/container-safetensors";
import { hdf5Container, transformersFiles } from "./hdf5-container.ts";

/** Several HDF5 files and their index, `tf_model.h5.index.json`: name `hdf5-sharded`. */
export function hdf5ShardedContainer(): Container {
  const container = shardedContainer({
    name: "hdf5-sharded",
    entryName: "tf_model.h5.index.json",
    extensions: [".h5"],
    shardContainers: [hdf5Container()],
    entries,
  });
  return { ...container, besides: transformersFiles };
}

/**
 * A shard's datasets under the index's names. transformers takes the model's name off a path before it writes a shard
 * (modeling_tf_utils.py, `save_pretrained`), but not in the index: `tf_longformer_model/longformer/…` is the dataset `longformer/…`.
 */
function entries(shard: OpenedContainer, names: readonly string[]): TreeMap {
  const datasets = new Map(isTreeMap(shard.root) ? flattenTree(shard.root, "/") : []);
  const named: [string, TreeValue][] = [];
  for (const name of names) {
    const path = [name, name.replace(/^[^/]*\//, "")].find((candidate) => datasets.has(candidate));
    const value = path === undefined ? undefined : datasets.get(path);
    if (path === undefined || value === undefined) continue;
    named.push([name, value]);
    datasets.delete(path);
  }
  return treeMap([...named, ...datasets]);
}
