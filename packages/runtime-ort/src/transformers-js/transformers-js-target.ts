import { type Head, headName, LongspanError } from "@longspan/core";
import { type Target, type TargetRequest, writeSidecarFiles } from "@longspan/core/adapter";
import { onnxLayout } from "../file/onnx-layout.ts";
import type { OnnxTargetOptions } from "../file/onnx-target.ts";
import { writeModel } from "../file/write-model.ts";
import { knownConfig, trueConfig } from "./known-config.ts";
import { modelFiles } from "./model-files.ts";
import { tokenizerSidecars } from "./tokenizer-sidecars.ts";

/** Pipelines of transformers.js that run a head. */
const pipelines: Readonly<Record<Head, string | undefined>> = {
  model: "feature-extraction",
  "question-answering": "question-answering",
  "masked-lm": "fill-mask",
  "sequence-classification": "text-classification",
  "token-classification": "token-classification",
  "multiple-choice": undefined,
};

export type TransformersJsOptions = Pick<OnnxTargetOptions, "externalData" | "quantize" | "tokenizerJson">;

/**
 * A folder that transformers.js runs as it is, `pipeline(task, folder)`, and optimum's `ORTModelFor…`, too: `onnx/model.onnx` (in half precision `model_fp16.onnx`, in
 * 8 bits `model_quantized.onnx`), which finds its global tokens itself; a config.json of a RoBERTa, which these programs know, and the true one beside it; tokenizer.json
 * and a tokenizer_config.json that names the separator.
 */
export function transformersJsTarget(options: TransformersJsOptions): Target {
  return {
    name: "transformers.js",
    description: "Folder for transformers.js and optimum: onnx/model.onnx, config.json, tokenizer",
    layout: onnxLayout,
    container: "onnx",
    fileName: modelFiles.fp32,
    fileExtensions: [],
    // Weights of another type may be another model's, under a configuration that says otherwise.
    supersedes: [/^onnx\/model(?:_[a-z0-9]+)?\.onnx(?:_data)?$/],
    dataTypes: ["float32", "float16"],
    write: (request) => write(request, options),
  };
}

async function write(request: TargetRequest, { externalData, quantize, tokenizerJson }: TransformersJsOptions): Promise<void> {
  const { head } = request.spec;
  if (typeof head !== "string" || pipelines[head] === undefined) {
    throw new LongspanError(
      "argument-invalid",
      `transformers.js has no pipeline for the head ${headName(head)}. Write it with --to onnx.`,
      {
        details: { head: headName(head) },
      },
    );
  }
  const sidecars = await tokenizerSidecars(request, tokenizerJson);
  const type = quantize ?? (request.tensors.some(({ tensor }) => tensor.dataType === "float16") ? "fp16" : "fp32");
  const fileName = modelFiles[type];
  const isExternal = await writeModel(request, {
    fileName,
    dataFileName: `${fileName}_data`,
    externalData,
    quantize,
    globalAttention: "auto",
  });
  const config = knownConfig(request, { type, externalData: isExternal });
  await writeSidecarFiles({ ...request, config, sidecars: [...sidecars, trueConfig(request)] });
}
