import { type Converter, createConverter, type FileSet, LongspanError } from "@longspan/core";
import type { WholeTokenizer } from "@longspan/runtime-ort/onnx";
import { loadAdapters } from "./load-adapters.ts";
import type { ModelOptions } from "./model-options.ts";
import type { OnnxCommandOptions } from "./onnx-options.ts";

/** What is said of every model in 8 bits. The figures were measured as the README of @longspan/runtime-ort says; tests hold them on the example document. */
export const quantizationNote: string =
  "q8 rounds weights and activations to 8 bits: outputs are near float32's, not equal. With the trained model in examples/train-lightning-qa, the answers to 400 questions stay the same, and logits, of values up to 45, differ by 0.5 at most on its example document, by 6.2 at most on 400 others. Measure your own before you rely on it.";

/**
 * A converter that has the target asked for. ONNX is loaded only when no adapter has that target, since it brings modules of its own.
 * @throws LongspanError `argument-invalid` when another target is given ONNX's options.
 */
export async function createTargetConverter(options: ModelOptions & OnnxCommandOptions & { readonly to: string }): Promise<Converter> {
  const { to, quantize, externalData, globalAttention } = options;
  const adapters = await loadAdapters(options.adapter, options.verifyChecksums);
  if (to === "transformers.js" && globalAttention === "input")
    throw new LongspanError(
      "argument-invalid",
      "--global-attention input is for --to onnx: transformers.js knows of no such input. Leave it out.",
    );
  if (!adapters.some(({ targets }) => targets.some(({ name }) => name === to))) {
    const { onnx } = await import("@longspan/runtime-ort/onnx");
    const tokenizerJson = async (files: FileSet): Promise<WholeTokenizer> => (await import("@longspan/pipelines")).tokenizerJson(files);
    return createConverter({ adapters: [...adapters, onnx({ quantize, externalData, globalAttention, tokenizerJson })] });
  }
  if (quantize !== undefined || externalData !== undefined || globalAttention !== undefined) {
    const external = externalData === true ? "--external-data" : "--no-external-data";
    const option = quantize !== undefined ? "--quantize" : globalAttention !== undefined ? "--global-attention" : external;
    throw new LongspanError(
      "argument-invalid",
      `${option} is for ONNX files: the target is "${to}". Leave it out, or convert with --to onnx.`,
    );
  }
  return createConverter({ adapters });
}
