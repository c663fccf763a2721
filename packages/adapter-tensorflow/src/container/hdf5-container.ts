import {
  budgetOf,
  type Claim,
  type Container,
  type ContainerInput,
  type ContainerProbe,
  type OpenedContainer,
} from "@longspan/core/adapter";
import { openHdf5 } from "../hdf5/hdf5-file.ts";
import { findSignature } from "../hdf5/superblock.ts";
import { readHdf5Tree } from "./hdf5-tree.ts";
import { nameList } from "./name-list.ts";

/** What transformers writes into the same folder for PyTorch. */
export const transformersFiles: readonly string[] = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
];

/**
 * HDF5 files: name `hdf5`. The tree has a map for each group and a lazy tensor for each dataset. The attributes are the root's texts, and Keras's lists of
 * names as JSON: `layer_names`, and `GROUP/weight_names`.
 *
 * Opening reads headers only, and throws LongspanError `malformed`, `unsupported`, `limit-exceeded`, `truncated`.
 */
export function hdf5Container(): Container {
  return { name: "hdf5", entryNames: ["tf_model.h5"], besides: transformersFiles, detect, open };
}

function detect({ head }: ContainerProbe): Claim | undefined {
  return findSignature(head) === undefined ? undefined : { specificity: 90, evidence: "the HDF5 signature" };
}

async function open(input: ContainerInput): Promise<OpenedContainer> {
  const { root, attributes } = await readHdf5Tree(await openHdf5(input.source, budgetOf(input), input.signal));
  const texts = new Map<string, string>();
  for (const [name, values] of attributes.get("") ?? []) if (values.length === 1 && values[0] !== undefined) texts.set(name, values[0]);
  for (const [path, own] of attributes) {
    for (const name of ["layer_names", "weight_names"]) {
      const names = nameList(own, name);
      if (names !== undefined) texts.set(path === "" ? name : `${path}/${name}`, JSON.stringify(names));
    }
  }
  return { root, attributes: texts, warnings: [], close: async () => {} };
}
