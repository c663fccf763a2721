import type { Graph } from "../graph/graph.ts";
import type { GraphTensor } from "../graph/value.ts";
import type { LongformerConfig } from "../longformer/config.ts";
import { parseLongformerConfig } from "../longformer/parse-config.ts";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { headRecords, heads, type Head } from "../longformer/head.ts";
import { prepareInputs, type RawLongformerInputs } from "../longformer/prepare-inputs.ts";
import { memoryWeights } from "../runtime/memory-weights.ts";
import type { Weights } from "../runtime/runtime.ts";
import { seededNormal, seededUniform } from "./seeded-tensor.ts";

/** Three layers with three windows, all sizes different, ids far from the usual. */
export const tinyConfig: LongformerConfig = parseLongformerConfig({
  model_type: "longformer",
  attention_window: [2, 8, 4],
  bos_token_id: 0,
  eos_token_id: 2,
  hidden_act: "gelu",
  hidden_size: 24,
  intermediate_size: 40,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 70,
  num_attention_heads: 3,
  num_hidden_layers: 3,
  pad_token_id: 1,
  sep_token_id: 2,
  type_vocab_size: 2,
  vocab_size: 50,
}).config;

/** A whole model on seeded weights. The truth is the reference runtime. */
export interface LongformerCase {
  /** What is special about it. */
  readonly name: string;
  /** Whose graph is run. */
  readonly head: Head;
  /** The model's sizes: small ones. */
  readonly config: LongformerConfig;
  /** As `prepareInputs` takes them. */
  readonly raw: RawLongformerInputs;
}

/** Weights for a graph, each drawn for itself; normalization scales lie around 1. */
export function seededWeights(graph: Graph, seed = 1): Weights {
  return memoryWeights(
    Object.fromEntries(
      graph.parameters.map(({ name, shape }, index): [string, GraphTensor] => {
        const isScale = /(?:LayerNorm|layer_norm)\.weight$/.test(name);
        return [name, seededNormal(seed * 1000 + index, shape, isScale ? { mean: 1, scale: 0.2 } : { scale: 0.25 })];
      }),
    ),
  );
}

/** The graph of a case, with all hidden states among its outputs. */
export function longformerCaseGraph({ head, config }: LongformerCase, options: { readonly attentions?: boolean } = {}): Graph {
  return longformerGraph(config, head, { hiddenStates: true, ...options });
}

/** The inputs of a case, in full. */
export function longformerCaseInputs({ head, config, raw }: LongformerCase): Record<string, GraphTensor> {
  return prepareInputs(config, head, raw);
}

/** Rows of ids of the given lengths, padded to the longest, with the mask; separators where the heads look for them. */
function rows(
  seed: number,
  lengths: readonly number[],
  { padTokenId, sepTokenId, vocabSize }: LongformerConfig,
): { ids: number[][]; mask: number[][] } {
  const uniform = seededUniform(seed);
  const longest = Math.max(...lengths);
  const first = Math.max(padTokenId, sepTokenId) + 1;
  const ids = lengths.map((length) =>
    Array.from({ length: longest }, (_, position) => {
      if (position >= length) return padTokenId;
      if (position === 4 || position === 5 || position === length - 1) return sepTokenId;
      return first + Math.floor(uniform() * (vocabSize - first));
    }),
  );
  return { ids, mask: lengths.map((length) => Array.from({ length: longest }, (_, position) => Number(position < length))) };
}

const ragged = rows(7, [23, 9, 14], tinyConfig);
const choices = rows(8, [12, 10, 9, 12], tinyConfig);

const headCases: readonly LongformerCase[] = heads.map((head) => {
  const raw: RawLongformerInputs = headRecords[head].choices
    ? { input_ids: [choices.ids.slice(0, 2), choices.ids.slice(2)], attention_mask: [choices.mask.slice(0, 2), choices.mask.slice(2)] }
    : { input_ids: ragged.ids, attention_mask: ragged.mask };
  return { name: `${head}, padded rows`, head, config: tinyConfig, raw };
});

const lengthCases: readonly LongformerCase[] = [1, 2, 7, 8, 9, 16, 17, 33].map((length) => ({
  name: `${length} tokens`,
  head: "model",
  config: tinyConfig,
  raw: {
    input_ids: [Array.from({ length }, (_, position) => 3 + ((position * 7) % 47))],
    global_attention_mask: [Array.from({ length }, (_, position) => Number(position % 11 === 0))],
  },
}));

const everywhere = (value: number): number[][] => ragged.ids.map((row) => row.map(() => value));

const maskCases: readonly LongformerCase[] = [
  { name: "no mask at all", head: "model", config: tinyConfig, raw: { input_ids: ragged.ids } },
  {
    name: "all tokens global",
    head: "model",
    config: tinyConfig,
    raw: { input_ids: ragged.ids, attention_mask: ragged.mask, global_attention_mask: everywhere(1) },
  },
  {
    name: "a global flag on padding, token types, positions given",
    head: "model",
    config: tinyConfig,
    raw: {
      input_ids: ragged.ids,
      attention_mask: ragged.mask,
      global_attention_mask: ragged.ids.map((row) => row.map((_, position) => Number(position === 2 || position === 22))),
      token_type_ids: ragged.ids.map((row) => row.map((_, position) => Number(position > 6))),
      position_ids: ragged.ids.map((row) => row.map((_, position) => 69 - position)),
    },
  },
  {
    name: "another activation, untied decoder, padding id 0",
    head: "masked-lm",
    config: { ...tinyConfig, hiddenActivation: "gelu_new", tieWordEmbeddings: false, padTokenId: 0 },
    raw: {
      input_ids: [
        [5, 6, 7, 0, 0],
        [9, 8, 7, 6, 5],
      ],
      attention_mask: [
        [1, 1, 1, 0, 0],
        [1, 1, 1, 1, 1],
      ],
    },
  },
];

/** Heads, lengths and masks; each is run with all hidden states. */
export const longformerCases: readonly LongformerCase[] = [...headCases, ...lengthCases, ...maskCases];
