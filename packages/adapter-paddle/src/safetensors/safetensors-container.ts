import { type Container, type ContainerInput, type OpenedContainer, type TreeValue, stridedTensor, treeMap } from "@longspan/core";
import { type SafetensorsEntry, looksLikeSafetensors, readSafetensorsHeader } from "@longspan/safetensors";
import { shardedContainer } from "../shards/sharded-container.ts";
import { wrapSafetensorsError } from "../shards/wrap-safetensors-error.ts";
import { dataTypeOfSafetensors } from "./safetensors-data-types.ts";

/** safetensors files: the same container, under the same name, as other adapters bring. */
export function safetensorsContainer(): Container {
  return {
    name: "safetensors",
    entryNames: ["model.safetensors"],
    detect({ source, head }) {
      if (looksLikeSafetensors(head, source.size)) return { specificity: 85, evidence: "a safetensors header" };
      // A copy that was cut off inside its header is recognised all the same, so that opening it says what is wrong.
      const isCutOff = looksLikeSafetensors(head, Number.MAX_SAFE_INTEGER);
      return isCutOff ? { specificity: 40, evidence: "the beginning of a safetensors header" } : undefined;
    },
    open: openSafetensors,
  };
}

/** `model.safetensors.index.json` and the shards it names. */
export function safetensorsShardedContainer(): Container {
  return shardedContainer({
    name: "safetensors-sharded",
    entryName: "model.safetensors.index.json",
    extension: ".safetensors",
    openShard: openSafetensors,
    isTable: () => false,
  });
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
