import { LongspanError } from "../../errors/longspan-error.ts";
import type { GraphBuilder } from "../../graph/graph-builder.ts";
import { linearLayer, normalizationLayer } from "../../graph/layers.ts";
import { activation } from "../../graph/operations/activation.ts";
import { add } from "../../graph/operations/add.ts";
import { embedding } from "../../graph/operations/embedding.ts";
import { longformerAttention } from "../../graph/operations/longformer-attention.ts";
import type { Value } from "../../graph/value.ts";
import type { LongformerConfig } from "../config.ts";
import { activationFunction } from "./activation-function.ts";
import { longformerInputs, type LongformerInputOptions, type LongformerInputs } from "./longformer-inputs.ts";

/** Which layers of the trunk are built, and what of them is told. */
export interface TrunkOptions extends LongformerInputOptions {
  /** How many of the layers, from the first. Default: all. */
  readonly layers?: number | undefined;
  /** Also make the attention probabilities. Default: false. */
  readonly attentions?: boolean | undefined;
}

/** The values that `longformerTrunk` makes. */
export interface Trunk {
  /** float32 `[batch, sequence, hidden]` (with choices: `[batch*choices, …]`, here and below). */
  readonly lastHiddenState: Value;
  /** The embeddings, then what each layer gives: one more than layers. The last is `lastHiddenState`. */
  readonly hiddenStates: readonly Value[];
  /** Of each layer, `[batch, heads, sequence, globals + window + 1]`: see `longformerAttention`. Empty unless asked for. */
  readonly attentions: readonly Value[];
  /** Of each layer, `[batch, heads, sequence, globals]`. Empty unless asked for. */
  readonly globalAttentions: readonly Value[];
}

/**
 * The Longformer without a head, as transformers' LongformerModel computes it (models/longformer/modeling_longformer.py), with
 * parameters under canonical names:
 *
 * - embeddings: `LN(word + position + token type)`;
 * - each layer: `a = LN(x + dense(attention(x)))`, then `LN(a + dense(f(dense(a))))`, f being `hidden_act`.
 *
 * Layer N's window is `config.attentionWindow[N]`; one that is wider than all positions on each side of a token gives the same as that wide,
 * and takes memory by its width in runtimes that work in blocks, so it is that wide where nobody sees it. Nothing is padded: the attention takes any length.
 * @throws LongspanError `argument-invalid` for more layers than there are; `config-invalid` for an unknown `hidden_act`.
 */
export function longformerTrunk(builder: GraphBuilder, config: LongformerConfig, options: TrunkOptions = {}): Trunk {
  const layers = options.layers ?? config.layers;
  if (!Number.isInteger(layers) || layers < 0 || layers > config.layers) {
    throw new LongspanError("argument-invalid", `A trunk of ${layers} layers was asked for; the configuration has ${config.layers}.`, {
      details: { layers },
    });
  }
  const inputs = longformerInputs(builder, config, options);
  const hiddenStates = [embeddings(builder, config, inputs)];
  const attentions: Value[] = [];
  const globalAttentions: Value[] = [];
  let hidden = hiddenStates[0] as Value;
  for (let layer = 0; layer < layers; layer++) {
    const name = `encoder.layer.${layer}`;
    const [context, ...probabilities] = selfAttention(builder, config, inputs.mask, hidden, layer, options.attentions === true);
    const attended = residual(builder, config, `${name}.attention.output`, context as Value, hidden);
    const widened = linearLayer(builder, attended, `${name}.intermediate.dense`, config.intermediateSize);
    const activated = builder.apply(
      activation,
      [widened],
      { function: activationFunction(config.hiddenActivation) },
      `${name}.intermediate`,
    );
    hidden = residual(builder, config, `${name}.output`, activated, attended);
    hiddenStates.push(hidden);
    attentions.push(...probabilities.slice(0, 1));
    globalAttentions.push(...probabilities.slice(1));
  }
  return { lastHiddenState: hidden, hiddenStates, attentions, globalAttentions };
}

function embeddings(builder: GraphBuilder, config: LongformerConfig, { words, positionIds, tokenTypeIds }: LongformerInputs): Value {
  const table = (kind: string, ids: Value, rows: number): Value =>
    builder.apply(
      embedding,
      [ids, builder.parameter(`embeddings.${kind}_embeddings.weight`, [rows, config.hiddenSize])],
      {},
      `embeddings.${kind}_embeddings`,
    );
  const word = words.dataType === "int32" ? table("word", words, config.vocabSize) : words;
  const positioned = builder.apply(add, [word, table("position", positionIds, config.maxPositions)], {}, "embeddings.add");
  const typed = builder.apply(add, [positioned, table("token_type", tokenTypeIds, config.typeVocabSize)], {}, "embeddings.add");
  return normalizationLayer(builder, typed, "embeddings.LayerNorm", config.layerNormEpsilon);
}

function selfAttention(
  builder: GraphBuilder,
  config: LongformerConfig,
  mask: Value,
  hidden: Value,
  layer: number,
  probabilities: boolean,
): readonly Value[] {
  const name = `encoder.layer.${layer}.attention.self`;
  const size = config.hiddenSize;
  const window = config.attentionWindow[layer] ?? 0;
  const projected = (projection: string): Value => linearLayer(builder, hidden, `${name}.${projection}`, size);
  const parameters = (projection: string): [weight: Value, bias: Value] => [
    builder.parameter(`${name}.${projection}.weight`, [size, size]),
    builder.parameter(`${name}.${projection}.bias`, [size]),
  ];
  const attributes = {
    heads: config.heads,
    ...(probabilities ? { window, globals: "globals" } : { window: Math.min(window, 2 * config.maxPositions) }),
  };
  return builder.node(
    longformerAttention,
    [
      projected("query"),
      projected("key"),
      projected("value"),
      hidden,
      mask,
      ...parameters("query_global"),
      ...parameters("key_global"),
      ...parameters("value_global"),
    ],
    attributes,
    name,
  );
}

function residual(builder: GraphBuilder, config: LongformerConfig, name: string, x: Value, skipped: Value): Value {
  const sum = builder.apply(add, [linearLayer(builder, x, `${name}.dense`, config.hiddenSize), skipped], {}, `${name}.add`);
  return normalizationLayer(builder, sum, `${name}.LayerNorm`, config.layerNormEpsilon);
}
