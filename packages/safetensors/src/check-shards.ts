import { SafetensorsError, quoted } from "./safetensors-error.ts";
import type { SafetensorsIndex } from "./shard-index.ts";

/**
 * Checks that an index and its shards tell the same: every file the index names is there, and every tensor is in exactly the file where the index puts it.
 * Files the index does not name must not be handed in. `total_size` is not compared: writers count it differently.
 *
 * @param shards what lies in each file, by file name
 * @throws SafetensorsError `shard-mismatch`
 */
export function checkShards(
  index: Pick<SafetensorsIndex, "weightMap">,
  shards: ReadonlyMap<string, { readonly tensors: readonly { readonly name: string }[] }>,
): void {
  for (const [tensor, fileName] of index.weightMap) {
    if (!shards.has(fileName)) {
      throw mismatch(
        `The index puts the tensor ${quoted(tensor)} into ${quoted(fileName)}, and that file is missing. Copy or download it too.`,
        tensor,
        fileName,
      );
    }
  }
  const fileOf = new Map<string, string>();
  for (const [fileName, { tensors }] of shards) {
    for (const { name } of tensors) {
      const other = fileOf.get(name);
      if (other !== undefined)
        throw mismatch(`The tensor ${quoted(name)} is both in ${quoted(other)} and in ${quoted(fileName)}.`, name, fileName);
      fileOf.set(name, fileName);
    }
  }
  for (const [tensor, found] of fileOf) {
    const expected = index.weightMap.get(tensor);
    if (expected === found) continue;
    throw mismatch(
      expected === undefined
        ? `The shard ${quoted(found)} has the tensor ${quoted(tensor)}, which the index does not name. They may be of different models.`
        : `The tensor ${quoted(tensor)} is in ${quoted(found)}, but the index puts it into ${quoted(expected)}.`,
      tensor,
      found,
    );
  }
  for (const [tensor, fileName] of index.weightMap) {
    if (fileOf.has(tensor)) continue;
    throw mismatch(
      `The index puts the tensor ${quoted(tensor)} into ${quoted(fileName)}, which does not have it. They may be of different models.`,
      tensor,
      fileName,
    );
  }
}

function mismatch(message: string, tensor: string, fileName: string): SafetensorsError {
  return new SafetensorsError("shard-mismatch", message, { tensor, fileName });
}
