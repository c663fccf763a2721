import { LongspanError } from "@longspan/core";
import { longformerGraph } from "@longspan/core/graph";
import { globalAttentionPolicy } from "@longspan/core/runtime";
import { specialIds } from "../model/check-tokenizer.ts";
import { labelNames } from "../model/label-names.ts";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import type { PipelineOptions, RunOptions } from "../model/pipeline-options.ts";
import { jobPipeline, type JobPipeline } from "../running/job-pipeline.ts";
import type { Prepare } from "../running/job.ts";
import { sigmoid, softmax } from "../running/probabilities.ts";
import { encodeText, textRow, textWindows } from "../running/text-windows.ts";

/** How scores come of logits. */
export type ScoreFunction = "softmax" | "sigmoid" | "none";

/** How scores are made of the model's numbers. */
export interface ClassifyTextOptions extends RunOptions {
  /**
   * Default: by the configuration's `problem_type`, as transformers does: none for regression, sigmoid for several labels at once or a
   * single label, softmax otherwise.
   */
  readonly scores?: ScoreFunction | undefined;
}

/** A label, and how well it fits. */
export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

/** The best label, and all of them. */
export interface TextClassification extends LabelScore {
  /** All labels, the best first. */
  readonly labels: readonly LabelScore[];
  /** Tokens at the end of the text that were not read, because the model has no positions for them. */
  readonly unreadTokens: number;
}

/** Says what texts are: what `classifyText` gives. It takes one, or a list. */
export interface TextClassifier extends JobPipeline<string, ClassifyTextOptions, TextClassification> {}

/**
 * Says what a text is. A text longer than the model is read as far as the model goes, and `unreadTokens` says how much was left.
 * @throws LongspanError as `questionAnswering`.
 */
export async function classifyText(options: PipelineOptions): Promise<TextClassifier> {
  const model = await openModel(options, {
    pipeline: "classifyText",
    head: "sequence-classification",
    graph: (config, labels) => longformerGraph(config, "sequence-classification", { labels }),
    check: specialIds,
  });
  return jobPipeline({ model, prepare: (given) => prepareLabels(model, given) });
}

function prepareLabels(model: OpenedModel, options: ClassifyTextOptions = {}): Prepare<string, TextClassification> {
  const scoresOf = functions[options.scores ?? defaultFunction(model)];
  if (scoresOf === undefined) {
    throw new LongspanError("argument-invalid", `scores is ${JSON.stringify(options.scores)}; it is softmax, sigmoid or none.`, {
      details: { option: "scores", value: options.scores },
    });
  }
  const names = labelNames(model);
  const globals = globalAttentionPolicy(model.config, "sequence-classification").kind === "first-token" ? 1 : 0;
  return (text) => {
    const tokens = encodeText("text", text, model.tokenizer);
    const [first = { start: 0, end: 0 }] = textWindows(tokens, {}, { maxTokens: model.maxTokens, defaultStride: 0 });
    let labels: readonly LabelScore[] = [];
    return {
      rows: [textRow(model.tokenizer, tokens, first, globals)],
      add({ logits }) {
        if (logits === undefined) throw new TypeError("a classifier has logits");
        const scores = Array.from(scoresOf(logits), (score, index): LabelScore => ({ label: names[index] ?? "", score }));
        labels = scores.toSorted((a, b) => b.score - a.score);
      },
      result() {
        const [best] = labels;
        if (best === undefined) throw new TypeError("a classifier has a label");
        return { ...best, labels, unreadTokens: tokens.ids.length - first.end };
      },
    };
  };
}

const functions: Readonly<Record<string, (logits: Float32Array) => Float64Array>> = {
  softmax,
  sigmoid,
  none: (logits) => Float64Array.from(logits),
};

/** transformers 4.57, pipelines/text_classification.py, postprocess. */
function defaultFunction({ config, labels }: OpenedModel): ScoreFunction {
  const problem = config.source.problem_type;
  if (problem === "regression") return "none";
  return problem === "multi_label_classification" || labels === 1 ? "sigmoid" : "softmax";
}
