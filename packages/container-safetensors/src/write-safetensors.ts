import type { LazyTensor } from "@longspan/core";
import { type Target, type TargetRequest, writeTextFile } from "@longspan/core/adapter";
import { planSafetensors } from "@longspan/safetensors";
import { safetensorsNames } from "./data-types.ts";
import { shardTensors } from "./shard-tensors.ts";
import { withFileName } from "./with-file-name.ts";

/** What `writeSafetensors` says in the files beside the tensors. */
export interface WriteSafetensorsOptions {
  /** The `__metadata__` of every file, which frameworks ask for: `{ format: "pt" }`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether a shard index states `total_parameters`, as transformers does. Default false. */
  readonly totalParameters?: boolean;
}

/** What a target says of the files that `writeSafetensors` writes. */
export const safetensorsFiles: Pick<Target, "container" | "fileName" | "fileExtensions" | "supersedes" | "shards"> = {
  container: "safetensors",
  fileName: "model.safetensors",
  fileExtensions: [".safetensors"],
  supersedes: [/^model(?:-\d{5}-of-\d{5})?\.safetensors$/, /^model\.safetensors\.index\.json$/],
  shards: true,
};

/**
 * Writes a request's tensors as `model.safetensors` (or under the request's name), or as shards and their index where the request limits
 * a file's bytes. Within a file, tensors are in the reference library's order; every one is read once. Ties are not written: the format
 * cannot express them. `writeSidecarFiles` of core writes what lies beside.
 *
 * @throws LongspanError `argument-invalid` for what cannot be written (a name twice); and what sink and sources throw
 */
export async function writeSafetensors(
  request: Pick<TargetRequest, "tensors" | "fileName" | "shardBytes" | "sink" | "copy">,
  { metadata, totalParameters = false }: WriteSafetensorsOptions,
): Promise<void> {
  const { files, index } = await shardTensors(
    request.tensors.map(({ tensor }) => tensor),
    { fileName: request.fileName ?? safetensorsFiles.fileName, shardBytes: request.shardBytes, totalParameters },
  );
  for (const { fileName, tensors } of files) await writeFile(request, fileName, tensors, metadata);
  if (index !== undefined) await writeTextFile(request.sink, index.fileName, index.text);
}

async function writeFile(
  request: Pick<TargetRequest, "sink" | "copy">,
  fileName: string,
  tensors: readonly LazyTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const declarations = tensors.map(({ name, dataType, shape }) => ({ name, dataType: safetensorsNames[dataType], shape }));
  const plan = await withFileName(fileName, undefined, () => planSafetensors(declarations, { metadata }));
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const file = await request.sink.file(fileName);
  await file.write(plan.header);
  for (const { name } of plan.tensors) {
    const tensor = byName.get(name);
    if (tensor !== undefined) await request.copy(tensor, file);
  }
  await file.close();
}
