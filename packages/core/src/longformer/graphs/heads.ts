import { LongspanError } from "../../errors/longspan-error.ts";
import type { GraphBuilder } from "../../graph/graph-builder.ts";
import { elementAt, linearLayer, normalizationLayer } from "../../graph/layers.ts";
import { activation } from "../../graph/operations/activation.ts";
import { linear } from "../../graph/operations/linear.ts";
import { reshape } from "../../graph/operations/reshape.ts";
import type { Value } from "../../graph/value.ts";
import type { LongformerConfig } from "../config.ts";
import { countLabels } from "../head-definition.ts";

/** How large a classifier is. */
export interface ClassifierOptions {
  /** Rows of the classifier where the configuration names no labels. Default 2. */
  readonly labels?: number | undefined;
}

/** `tanh(dense(first token))`, float32 `[batch, hidden]` of a hidden state `[batch, sequence, hidden]` (LongformerPooler). */
export function poolerOutput(builder: GraphBuilder, config: LongformerConfig, hidden: Value): Value {
  const dense = linearLayer(builder, elementAt(builder, hidden, 1, 0, "pooler.first_token"), "pooler.dense", config.hiddenSize);
  return builder.apply(activation, [dense], { function: "tanh" }, "pooler");
}

/**
 * Start and end scores of each token, float32 `[batch, sequence]` each (LongformerForQuestionAnswering).
 * @throws LongspanError `config-invalid` when the configuration's labels are not two.
 */
export function questionAnsweringLogits(
  builder: GraphBuilder,
  config: LongformerConfig,
  hidden: Value,
): { readonly start: Value; readonly end: Value } {
  const labels = countLabels("question-answering", config);
  if (labels !== 2) {
    throw new LongspanError(
      "config-invalid",
      `The configuration has ${labels} labels; question answering has two outputs, start and end. Set num_labels to 2.`,
      {
        details: { key: "num_labels", found: labels },
      },
    );
  }
  const scores = linearLayer(builder, hidden, "qa_outputs", labels);
  return { start: elementAt(builder, scores, 2, 0, "start_logits"), end: elementAt(builder, scores, 2, 1, "end_logits") };
}

/**
 * Scores of all words for each token, float32 `[batch, sequence, vocabulary]`: `decoder(LN(gelu(dense(x))))` (LongformerLMHead). With tied
 * word embeddings the decoder's weight is the embedding table, and its bias `lm_head.bias`.
 */
export function maskedLanguageModelLogits(builder: GraphBuilder, config: LongformerConfig, hidden: Value): Value {
  const dense = linearLayer(builder, hidden, "lm_head.dense", config.hiddenSize);
  const activated = builder.apply(activation, [dense], { function: "gelu" }, "lm_head.gelu");
  const normalized = normalizationLayer(builder, activated, "lm_head.layer_norm", config.layerNormEpsilon);
  if (!config.tieWordEmbeddings) return linearLayer(builder, normalized, "lm_head.decoder", config.vocabSize);
  const weight = builder.parameter("embeddings.word_embeddings.weight", [config.vocabSize, config.hiddenSize]);
  return builder.apply(linear, [normalized, weight, builder.parameter("lm_head.bias", [config.vocabSize])], {}, "lm_head.decoder");
}

/** Scores of the labels from the first token, float32 `[batch, labels]`: `out_proj(tanh(dense(x)))` (LongformerClassificationHead). */
export function sequenceClassificationLogits(
  builder: GraphBuilder,
  config: LongformerConfig,
  hidden: Value,
  options: ClassifierOptions = {},
): Value {
  const dense = linearLayer(builder, elementAt(builder, hidden, 1, 0, "classifier.first_token"), "classifier.dense", config.hiddenSize);
  const activated = builder.apply(activation, [dense], { function: "tanh" }, "classifier.tanh");
  return linearLayer(builder, activated, "classifier.out_proj", countLabels("sequence-classification", config, options.labels));
}

/** Scores of the labels of each token, float32 `[batch, sequence, labels]` (LongformerForTokenClassification). */
export function tokenClassificationLogits(
  builder: GraphBuilder,
  config: LongformerConfig,
  hidden: Value,
  options: ClassifierOptions = {},
): Value {
  return linearLayer(builder, hidden, "classifier", countLabels("token-classification", config, options.labels));
}

/** One score for each choice, float32 `[batch, choices]`, from pooled rows `[batch*choices, hidden]` (LongformerForMultipleChoice). */
export function multipleChoiceLogits(builder: GraphBuilder, pooled: Value): Value {
  return builder.apply(reshape, [linearLayer(builder, pooled, "classifier", 1)], { shape: ["batch", "choices"] }, "classifier.choices");
}
