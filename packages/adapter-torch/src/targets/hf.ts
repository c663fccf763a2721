import { type DataType, dataTypes } from "@longspan/core";
import { type Layout, type Target, type TargetRequest, writeSidecarFiles } from "@longspan/core/adapter";
import { safetensorsFiles, writeSafetensors } from "@longspan/container-safetensors";

/** transformers refuses safetensors files that do not say so. */
const metadata = { format: "pt" };

/** A folder for `from_pretrained`: config.json, model.safetensors (or shards and their index), the tokenizer's files. */
export function huggingFaceTarget(layout: Layout): Target {
  return {
    ...safetensorsFiles,
    name: "hf",
    description: "Hugging Face folder: config.json, model.safetensors, tokenizer",
    layout,
    dataTypes: Object.keys(dataTypes) as DataType[],
    write,
  };
}

/** Ties are not written: safetensors cannot express them, and transformers ties the decoder again when it loads. */
async function write(request: TargetRequest): Promise<void> {
  await writeSafetensors(request, { metadata, totalParameters: true });
  await writeSidecarFiles(request);
}
