import { type LazyTensor, LongspanError } from "@longspan/core";
import { inputAxes, type LongformerSpec, type TargetRequest } from "@longspan/core/adapter";
import { type Graph, longformerGraph } from "@longspan/core/graph";
import { globalAttentionPolicy } from "@longspan/core/runtime";
import { exportGraph } from "../export/export-graph.ts";
import { quantizeGraph } from "../quantize/quantize-graph.ts";
import { quantizedParameters } from "../quantize/quantized-parameters.ts";
import { tensorQuantizer } from "../quantize/quantized-tensor.ts";
import type { StoredTensor } from "../onnx/stored-tensor.ts";
import { takeIds } from "./model-inputs.ts";
import { modelMetadata } from "./model-metadata.ts";
import { widenWeights } from "./widen-weights.ts";
import { externalDataName, writeOnnxFile } from "./write-onnx-file.ts";

export interface WriteModelOptions {
  /** With its folder, if it has one: `onnx/model.onnx`. */
  readonly fileName: string;
  readonly dataFileName?: string | undefined;
  readonly externalData?: boolean | undefined;
  readonly quantize?: "q8" | undefined;
  /** Which tokens are global: an input says it, or the graph finds them by the head's policy. */
  readonly globalAttention: "input" | "auto";
}

/** The model's file, and its external data where that lies in a file of its own: whether it does. @throws LongspanError `argument-invalid`, `weights-mismatch`, `limit-exceeded`. */
export async function writeModel(request: TargetRequest, options: WriteModelOptions): Promise<boolean> {
  const { spec, config, sidecars, sink } = request;
  const { fileName, dataFileName = externalDataName(fileName), externalData, quantize, globalAttention } = options;
  const weights = canonicalWeights(request);
  const { model, initializers } = exportGraph(graphOf(spec, weights));
  const kept = initializers.map(({ name }) => requiredWeight(weights, name));
  const quantized = quantize === undefined ? new Map<string, readonly [number, number]>() : quantizedParameters(spec, kept);
  const quantizer = tensorQuantizer(request.signal);
  const used = kept.flatMap((tensor) => (quantized.has(tensor.name) ? quantizer(tensor) : [copied(tensor, request)]));
  // A parameter that no node needs, such as `lm_head.bias` beside a decoder with a bias of its own, is stored nevertheless: the file is a checkpoint, too.
  const named = new Set(initializers.map(({ name }) => name));
  const unused = [...weights.values()].filter(({ name }) => !named.has(name)).map((tensor) => copied(tensor, request));
  const narrow = kept.filter(({ name }) => !quantized.has(name));
  const globals = globalAttention === "input" ? ({ kind: "input" } as const) : globalAttentionPolicy(spec.config, spec.head);
  model.graph = widenWeights(quantizeGraph(takeIds(model.graph, spec.config, inputAxes(spec.head), globals), quantized), narrow);
  model.metadataProps.push(
    ...modelMetadata({
      spec,
      config,
      tokenizerFiles: sidecars.map((sidecar) => sidecar.fileName),
      weights: quantize ?? [...new Set(kept.map(({ dataType }) => dataType))].join(", "),
      globalAttention,
    }),
  );
  // Weights of an older file of this name must not lie beside a new one.
  sink.supersede([exactly(dataFileName)]);
  return writeOnnxFile({ model, tensors: [...used, ...unused] }, { sink, fileName, dataFileName, externalData });
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
