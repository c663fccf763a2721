import type { FormatAdapter } from "@longspan/core";
import { checkOptions, type OptionNames } from "@longspan/core/adapter";
import { onnxContainer } from "./file/onnx-container.ts";
import { onnxEnvelope } from "./file/onnx-envelope.ts";
import { transformersJsFolder } from "./transformers-js/transformers-js-folder.ts";
import { transformersJsTarget } from "./transformers-js/transformers-js-target.ts";
import { onnxTarget, type OnnxTargetOptions } from "./file/onnx-target.ts";

/** How ONNX files are written. */
export type OnnxOptions = OnnxTargetOptions;

const optionNames: OptionNames<OnnxOptions> = { externalData: true, quantize: true, globalAttention: true, tokenizerJson: true };

/**
 * ONNX files as a target of conversions: `createConverter({ adapters: [torch(), onnx()] })`, `--to onnx`. Any checkpoint that the other adapters
 * read becomes a model of any length up to its positions, for onnxruntime everywhere. What was written so is a checkpoint again, too, that can
 * be inspected, compared and converted.
 * @throws LongspanError `argument-invalid` for options that there are not.
 */
export function onnx(options: OnnxOptions = {}): FormatAdapter {
  checkOptions(options, optionNames, "onnx");
  return {
    specificationVersion: 1,
    name: "onnx",
    containers: [onnxContainer()],
    envelopes: [onnxEnvelope()],
    // The envelope says how the weights are called: no other file is named so.
    layouts: [],
    targets: [onnxTarget(options), transformersJsTarget(options)],
    folderKinds: [transformersJsFolder()],
  };
}
