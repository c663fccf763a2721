import { type Container, type ContainerInput, type OpenedContainer, type TreeValue, stridedTensor, treeMap } from "@longspan/core";
import { type SafetensorsEntry, looksLikeSafetensors, readSafetensorsHeader } from "@longspan/safetensors";
import { detectShardIndex, looksLikeIndex } from "../shards/detect-shard-index.ts";
import { openShards } from "../shards/open-shards.ts";
import { wrapSafetensorsError } from "../shards/wrap-safetensors-error.ts";
import { dataTypeOfSafetensors } from "./safetensors-data-types.ts";

/** Enough to tell a header from an index. */
const detectedBytes = 64;

/** safetensors files and their shard indexes: the same container, under the same name, as other adapters bring. */
export function safetensorsContainer(): Container {
  return {
    name: "safetensors",
    entryNames: ["model.safetensors", "model.safetensors.index.json"],
    detect: ({ source, head }) =>
      looksLikeSafetensors(head, source.size)
        ? { specificity: 90, evidence: "a safetensors header" }
        : detectShardIndex(head, ".safetensors"),
    open: async (input) => {
      const { source, signal } = input;
      const start = await source.read(0, Math.min(detectedBytes, source.size), { signal });
      // The length in front of a header may begin with any byte, a brace's too.
      const isIndex = looksLikeIndex(start) && !looksLikeSafetensors(start, source.size);
      return isIndex ? openShards(input, openSafetensors, () => false) : openSafetensors(input);
    },
  };
}

async function openSafetensors({
  source,
  fileName,
  signal,
}: Pick<ContainerInput, "source" | "fileName" | "signal">): Promise<OpenedContainer> {
  const header = await readSafetensorsHeader({
    size: source.size,
    read: (offset, length) => source.read(offset, length, { signal }),
  }).catch((error: unknown) => {
    throw wrapSafetensorsError(error, fileName);
  });
  const toTree = ({ name, dataType: typeName, shape, offset, byteLength }: SafetensorsEntry): TreeValue => {
    const dataType = dataTypeOfSafetensors(typeName);
    if (dataType === undefined)
      return {
        kind: "opaque",
        className: "Tensor",
        reason: `its elements are of the type ${typeName}, which no tensor here can have`,
      };
    return stridedTensor({ name, dataType, shape, storage: { source, offset, byteLength } });
  };
  return {
    root: treeMap(header.tensors.map((entry) => [entry.name, toTree(entry)])),
    attributes: header.metadata ?? new Map(),
    warnings: [],
    close: async () => {},
  };
}
