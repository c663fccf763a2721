import {
  LongspanError,
  inputAxes,
  longformerGraph,
  writeCompanionFiles,
  type Graph,
  type LazyTensor,
  type LongformerSpec,
  type Target,
  type TargetRequest,
} from "@longspan/core";
import { exportGraph } from "../export/export-graph.ts";
import { quantizeGraph } from "../quantize/quantize-graph.ts";
import { quantizedParameters } from "../quantize/quantized-parameters.ts";
import { tensorQuantizer } from "../quantize/quantized-tensor.ts";
import { takeIds } from "./model-inputs.ts";
import { modelMetadata } from "./model-metadata.ts";
import { onnxLayout } from "./onnx-layout.ts";
import type { StoredTensor } from "../onnx/stored-tensor.ts";
import { widenWeights } from "./widen-weights.ts";
import { externalDataName, writeOnnxFile } from "./write-onnx-file.ts";

const modelFileName = "model.onnx";

export interface OnnxTargetOptions {
  /**
   * Where the weights lie. true: in a file of their own beside the model, `model.onnx.data`; false: in the model's file, whatever its size; default: in the
   * model's file as long as it may hold them (2 GiB).
   */
  readonly externalData?: boolean | undefined;
  /** `q8`: matrices in 8 bits, a scale for each output, and activations quantized as they come: see `quantizeGraph`. Default: not. */
  readonly quantize?: "q8" | undefined;
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

async function write(request: TargetRequest, { externalData, quantize }: OnnxTargetOptions): Promise<void> {
  const { spec, config, sidecars, sink, fileName = modelFileName } = request;
  const weights = canonicalWeights(request);
  const { model, initializers } = exportGraph(graphOf(spec, weights));
  const kept = initializers.map(({ name }) => requiredWeight(weights, name));
  const quantized = quantize === undefined ? new Map<string, readonly [number, number]>() : quantizedParameters(spec, kept);
  const quantizer = tensorQuantizer(request.signal);
  const tensors = kept.flatMap((tensor) => (quantized.has(tensor.name) ? quantizer(tensor) : [copied(tensor, request)]));
  const narrow = kept.filter(({ name }) => !quantized.has(name));
  model.graph = widenWeights(quantizeGraph(takeIds(model.graph, spec.config, inputAxes(spec.head)), quantized), narrow);
  model.metadataProps.push(
    ...modelMetadata({
      spec,
      config,
      tokenizerFiles: sidecars.map((sidecar) => sidecar.fileName),
      weights: quantize ?? [...new Set(kept.map(({ dataType }) => dataType))].join(", "),
    }),
  );
  // Weights of an older file of this name must not lie beside a new one.
  sink.supersede([exactly(externalDataName(fileName))]);
  await writeOnnxFile({ model, tensors }, { sink, fileName, externalData });
  await writeCompanionFiles(request);
}

/** By canonical name. @throws LongspanError `argument-invalid` when another layout was asked for. */
function canonicalWeights({ tensors }: TargetRequest): ReadonlyMap<string, LazyTensor> {
  const other = tensors.find(({ tensor, canonicalName }) => tensor.name !== canonicalName);
  if (other !== undefined) {
    throw new LongspanError(
      "argument-invalid",
      `An ONNX model's weights are named by its graph: "${other.canonicalName}" cannot be written as "${other.tensor.name}". Leave out --layout (option layout).`,
      { details: { parameter: other.canonicalName, name: other.tensor.name } },
    );
  }
  return new Map(tensors.map(({ tensor }) => [tensor.name, tensor]));
}

function requiredWeight(weights: ReadonlyMap<string, LazyTensor>, name: string): LazyTensor {
  const tensor = weights.get(name);
  if (tensor === undefined) {
    throw new LongspanError("weights-mismatch", `The graph needs the weight "${name}", and the checkpoint has none.`, {
      details: { missing: [name] },
    });
  }
  return tensor;
}

function graphOf({ config, head, labels }: LongformerSpec, weights: ReadonlyMap<string, LazyTensor>): Graph {
  return longformerGraph(config, head, { labels, pooler: weights.has("pooler.dense.weight") });
}

function copied(tensor: LazyTensor, request: TargetRequest): StoredTensor {
  const { name, dataType, shape, byteLength } = tensor;
  return { name, dataType, shape, byteLength, write: (to) => request.copy(tensor, to) };
}

/** A file's name as a pattern. */
function exactly(fileName: string): RegExp {
  return new RegExp(`^${fileName.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
}
