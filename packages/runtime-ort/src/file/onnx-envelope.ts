import { isHead, type LazyTensor, LongspanError } from "@longspan/core";
import {
  type Claim,
  type Envelope,
  type EnvelopeContents,
  type EnvelopeTensor,
  isTensor,
  isTreeMap,
  type OpenedContainer,
} from "@longspan/core/adapter";
import { dequantizedTensor } from "../quantize/dequantized-tensor.ts";
import { quantizedNames } from "../quantize/quantize-graph.ts";
import { onnxLayout } from "./onnx-layout.ts";

const [headKey, configKey] = ["longspan.head", "longspan.config"] as const;

/** An ONNX model that Longspan wrote: its weights are the initializers under canonical names; the configuration and the head are in its metadata. */
export function onnxEnvelope(): Envelope {
  return { name: "onnx", detect, open };
}

function detect({ attributes, root }: OpenedContainer): Claim | undefined {
  if (!attributes.has(headKey) || !isTreeMap(root)) return undefined;
  return { specificity: 80, evidence: `metadata of Longspan's (${headKey})` };
}

function open({ attributes, root }: OpenedContainer): EnvelopeContents {
  const entries = isTreeMap(root) ? root.entries : [];
  const initializers = new Map(
    entries.flatMap(([name, value]) => (typeof name === "string" && isTensor(value) ? [[name, value] as const] : [])),
  );
  // Parameters are named with dots alone; the graph's own constants have a slash.
  const weights = [...initializers].filter(([name]) => !name.includes("/"));
  const quantized = weights.flatMap(([name]) => quantizedPart(name, initializers));
  const parts = new Set(quantized.flatMap(({ codes, scales }) => [codes.name, scales.name]));
  const tensors: readonly EnvelopeTensor[] = [
    ...weights.filter(([name]) => !parts.has(name)).map(([name, tensor]) => ({ name, sourceName: name, tensor })),
    ...quantized.map(({ name, codes, scales }) => ({ name, sourceName: codes.name, tensor: dequantizedTensor(name, codes, scales) })),
  ];
  const constants = initializers.size - weights.length;
  const head = attributes.get(headKey) ?? "";
  return {
    tensors,
    dropped:
      constants === 0
        ? []
        : [{ name: `${constants} initializers with a "/" in their names`, reason: "constants of the graph, no weights" }],
    config: readConfig(attributes.get(configKey)),
    head: isHead(head) ? head : undefined,
    layout: onnxLayout,
    metadata: new Map([...attributes].filter(([key]) => key !== configKey)),
    warnings:
      quantized.length === 0 ? [] : [`${quantized.length} matrices are kept in 8 bits: their values are those of the rounded weights.`],
  };
}

interface QuantizedWeight {
  readonly name: string;
  readonly codes: LazyTensor;
  readonly scales: LazyTensor;
}

/** The weight whose codes are called `codesName`, if it is one. */
function quantizedPart(codesName: string, initializers: ReadonlyMap<string, LazyTensor>): readonly QuantizedWeight[] {
  const [, name] = /^(.*)_quantized$/.exec(codesName) ?? [];
  if (name === undefined) return [];
  const names = quantizedNames(name);
  const [codes, scales] = [initializers.get(names.codes), initializers.get(names.scales)];
  const isPair =
    codes?.dataType === "uint8" &&
    scales?.dataType === "float32" &&
    codes.shape.length === 2 &&
    scales.shape.join() === String(codes.shape[0]);
  return isPair && codes !== undefined && scales !== undefined ? [{ name, codes, scales }] : [];
}

function readConfig(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new LongspanError(
      "malformed",
      `The model's metadata "${configKey}" is not JSON: ${error instanceof Error ? error.message : String(error)}.`,
      {
        cause: error,
      },
    );
  }
  return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
}
