import { create } from "@bufbuild/protobuf";
import { headName } from "@longspan/core";
import { type LongformerSpec, stringifyJson } from "@longspan/core/adapter";
import { globalAttentionPolicy } from "@longspan/core/runtime";
import { StringStringEntryProtoSchema, type StringStringEntryProto } from "../onnx/onnx_pb.ts";

/** What an ONNX file says of itself beside its graph, in `metadata_props`: enough to feed it without another file. */
export interface ModelMetadata {
  readonly spec: LongformerSpec;
  /** config.json, in Hugging Face's keys. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the tokenizer's files that lie beside the model. */
  readonly tokenizerFiles: readonly string[];
  /** How the weights are kept: `float32`, `float16`, `bfloat16`, `q8`. */
  readonly weights: string;
  readonly globalAttention: "input" | "auto";
}

/**
 * Keys, all of them JSON but the first three:
 *
 * - `longspan.head`, `longspan.weights`
 * - `longspan.global_attention_source`: `input` where `global_attention_mask` marks the global tokens, `auto` where the graph does
 * - `longspan.config`: config.json
 * - `longspan.labels`: the names of a classifier's outputs in their order; left out where the configuration names none
 * - `longspan.tokenizer`: `{ files, padTokenId, bosTokenId, eosTokenId, sepTokenId, maxTokens }`
 * - `longspan.global_attention`: which tokens are to be global, as `GlobalAttentionPolicy` says it
 */
export function modelMetadata({
  spec,
  config,
  tokenizerFiles,
  weights,
  globalAttention,
}: ModelMetadata): readonly StringStringEntryProto[] {
  const { maxPositions, padTokenId, bosTokenId, eosTokenId, sepTokenId } = spec.config;
  const tokenizer = { files: tokenizerFiles, padTokenId, bosTokenId, eosTokenId, sepTokenId, maxTokens: maxPositions - padTokenId - 1 };
  const labels = labelNames(config);
  const entries = {
    "longspan.head": headName(spec.head),
    "longspan.weights": weights,
    "longspan.global_attention_source": globalAttention,
    "longspan.config": stringifyJson(config),
    ...(labels === undefined ? {} : { "longspan.labels": stringifyJson(labels) }),
    "longspan.tokenizer": stringifyJson(tokenizer),
    "longspan.global_attention": stringifyJson(globalAttentionPolicy(spec.config, spec.head)),
  };
  return Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
}

/** `id2label` as a list; undefined where it is not one name for each of 0, 1, 2, … */
function labelNames({ id2label }: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  if (typeof id2label !== "object" || id2label === null) return undefined;
  const entries = Object.entries(id2label);
  const names = entries.map((_, index): unknown => Reflect.get(id2label, String(index)));
  return names.every((name): name is string => typeof name === "string") && names.length > 0 ? names : undefined;
}
