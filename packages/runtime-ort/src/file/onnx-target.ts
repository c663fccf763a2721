import type { FileSet } from "@longspan/core";
import { type Target, type TargetRequest, writeSidecarFiles } from "@longspan/core/adapter";
import { onnxLayout } from "./onnx-layout.ts";
import { externalDataName } from "./write-onnx-file.ts";
import { writeModel } from "./write-model.ts";

const modelFileName = "model.onnx";

/** How ONNX files are written. */
export interface OnnxTargetOptions {
  /**
   * Where the weights lie. true: in a file of their own beside the model, `model.onnx.data`; false: in the model's file, whatever its size; default: in the
   * model's file as long as it may hold them (2 GiB).
   */
  readonly externalData?: boolean | undefined;
  /** `q8`: matrices in 8 bits, a scale for each output, and activations quantized as they come: see `quantizeGraph`. Default: not. */
  readonly quantize?: "q8" | undefined;
  /**
   * How the model knows which tokens are global. `input`: by its input `global_attention_mask`; `auto`: from `input_ids`, as the head wants it, with no such input:
   * for programs that know of none. Default: `input`.
   */
  readonly globalAttention?: "input" | "auto" | undefined;
  /**
   * Makes one tokenizer.json of the files that a tokenizer is made of, and names the tokens that have a role: `tokenizerJson` of @longspan/pipelines. For the target
   * `transformers.js`, which without it needs a tokenizer.json beside the model.
   */
  readonly tokenizerJson?: ((files: FileSet) => Promise<WholeTokenizer>) | undefined;
}

/** A tokenizer as one file, and the tokens that have roles. */
export interface WholeTokenizer {
  /** tokenizer.json. */
  readonly text: string;
  /** By name: `sep_token`. */
  readonly roles: Readonly<Record<string, string>>;
}

/**
 * `model.onnx`, config.json, the tokenizer's files. The data types a plan may ask for are how weights are kept; what is computed is float32,
 * and outputs are.
 */
export function onnxTarget(options: OnnxTargetOptions): Target {
  return {
    name: "onnx",
    description: "ONNX model for any length: model.onnx, config.json, tokenizer",
    layout: onnxLayout,
    container: "onnx",
    fileName: modelFileName,
    fileExtensions: [".onnx"],
    besides: (fileName) => [externalDataName(fileName)],
    supersedes: [/^model\.onnx(?:\.data)?$/],
    dataTypes: ["float32", "float16", "bfloat16"],
    write: (request) => write(request, options),
  };
}

async function write(request: TargetRequest, { externalData, quantize, globalAttention = "input" }: OnnxTargetOptions): Promise<void> {
  await writeModel(request, { fileName: request.fileName ?? modelFileName, externalData, quantize, globalAttention });
  await writeSidecarFiles(request);
}
