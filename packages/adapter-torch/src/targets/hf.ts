import { writeCompanionFiles, writeTextFile } from "@longspan/core";
import type { DataType, Layout, LazyTensor, Target, TargetRequest } from "@longspan/core";
import { planSafetensors } from "@longspan/safetensors";
import { safetensorsNames } from "../safetensors/data-types.ts";
import { withFileName } from "../safetensors/wrap-safetensors-error.ts";
import { shardTensors } from "./shard-tensors.ts";

const weightsFileName = "model.safetensors";

/** transformers refuses safetensors files that do not say so. */
const metadata = { format: "pt" };

/** A folder for `from_pretrained`: config.json, model.safetensors (or shards and their index), the tokenizer's files. */
export function huggingFaceTarget(layout: Layout): Target {
  return {
    name: "hf",
    description: "Hugging Face folder: config.json, model.safetensors, tokenizer",
    layout,
    container: "safetensors",
    fileName: weightsFileName,
    fileExtensions: [".safetensors"],
    supersedes: [/^model(?:-\d{5}-of-\d{5})?\.safetensors$/, /^model\.safetensors\.index\.json$/],
    dataTypes: Object.keys(safetensorsNames) as DataType[],
    shards: true,
    write,
  };
}

/** Ties are not written: safetensors cannot express them, and transformers ties the decoder again when it loads. */
async function write(request: TargetRequest): Promise<void> {
  const tensors = request.tensors.map(({ tensor }) => tensor);
  const { files, index } = shardTensors(tensors, request.fileName ?? weightsFileName, request.shardBytes);
  for (const file of files) {
    await writeSafetensors(request, file.fileName, file.tensors);
  }
  if (index !== undefined) await writeTextFile(request.sink, index.fileName, index.text);
  await writeCompanionFiles(request);
}

async function writeSafetensors(request: TargetRequest, fileName: string, tensors: readonly LazyTensor[]): Promise<void> {
  const declarations = tensors.map(({ name, dataType, shape }) => ({ name, dataType: safetensorsNames[dataType], shape }));
  const plan = await withFileName(fileName, () => planSafetensors(declarations, { metadata }));
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const file = await request.sink.file(fileName);
  await file.write(plan.header);
  for (const { name } of plan.tensors) {
    const tensor = byName.get(name);
    if (tensor !== undefined) await request.copy(tensor, file);
  }
  await file.close();
}
