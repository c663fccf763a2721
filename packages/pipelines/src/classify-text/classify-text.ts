import { LongspanError } from "@longspan/core";
import type { OptionNames } from "@longspan/core/adapter";
import { longformerGraph } from "@longspan/core/graph";
import { globalAttentionPolicy } from "@longspan/core/runtime";
import { specialIds } from "../model/check-tokenizer.ts";
import { labelNames } from "../model/label-names.ts";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import { type PipelineOptions, type RunOptions, runOptionNames } from "../model/pipeline-options.ts";
import { jobPipeline, type JobPipeline } from "../running/job-pipeline.ts";
import type { Prepare } from "../running/job.ts";
import { sigmoid, softmax } from "../running/probabilities.ts";
import { encodeText, textRow, textWindows } from "../running/text-windows.ts";
import type { Window, WindowOptions } from "../running/windows.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";

/** Ways to make one score of several windows'. */
const windowScorings: readonly WindowScoring[] = ["mean", "max", "first"];

/** How scores come of logits. */
export type ScoreFunction = "softmax" | "sigmoid" | "none";

/** What the scores of a text are that is read in several windows: see `ClassifyTextOptions`. */
export type WindowScoring = "mean" | "max" | "first";

/** How scores are made of the model's numbers, and how a long text is cut. */
export interface ClassifyTextOptions extends RunOptions, WindowOptions {
  /**
   * Default: by the configuration's `problem_type`, as transformers does: none for regression, sigmoid for several labels at once or a
   * single label, softmax otherwise.
   */
  readonly scores?: ScoreFunction | undefined;
  /**
   * Of a text longer than the model. `mean`: it is read in windows that follow each other, and a label's score is the mean of theirs, by how many tokens each has that none
   * before it had; `max`: the largest of theirs, so that what is in one place only counts in full, and scores need not add up to 1; `first`: the first window alone is
   * read, as transformers does with truncation. Default: mean.
   */
  readonly windowScores?: WindowScoring | undefined;
}

/** A label, and how well it fits. */
export interface LabelScore {
  /** As the configuration's `id2label` names it. */
  readonly label: string;
  /** By option `scores`: a probability, or the bare logit. */
  readonly score: number;
}

/** The best label, and all of them. */
export interface TextClassification extends LabelScore {
  /** All labels, the best first. */
  readonly labels: readonly LabelScore[];
  /** How many windows the text was read in. */
  readonly windows: number;
  /** Tokens at the end of the text that were not read: 0, unless `windowScores` is `first`. */
  readonly unreadTokens: number;
}

/** Says what texts are: what `classifyText` gives. It takes one, or a list. */
export interface TextClassifier extends JobPipeline<string, ClassifyTextOptions, TextClassification> {}

/** All that a call may be told. */
const optionNames: OptionNames<ClassifyTextOptions> = {
  ...runOptionNames,
  scores: true,
  windowScores: true,
  windowTokens: true,
  strideTokens: true,
};

/**
 * Says what a text is. A text longer than the model is read in windows, of which `windowScores` makes one.
 * @throws LongspanError as `questionAnswering`.
 */
export async function classifyText(options: PipelineOptions): Promise<TextClassifier> {
  const model = await openModel(options, {
    pipeline: "classifyText",
    head: "sequence-classification",
    graph: (config, labels) => longformerGraph(config, "sequence-classification", { labels }),
    check: specialIds,
  });
  return jobPipeline({ model, call: { name: "classifyText", options: optionNames }, prepare: (given) => prepareLabels(model, given) });
}

function prepareLabels(model: OpenedModel, options: ClassifyTextOptions = {}): Prepare<string, TextClassification> {
  const scoresOf = functions[options.scores ?? defaultFunction(model)];
  if (scoresOf === undefined) {
    throw new LongspanError("argument-invalid", `scores is ${JSON.stringify(options.scores)}; it is softmax, sigmoid or none.`, {
      details: { option: "scores", value: options.scores },
    });
  }
  const scoring = options.windowScores ?? pipelineDefaults.classifyText.windowScores;
  if (!windowScorings.includes(scoring)) {
    throw new LongspanError("argument-invalid", `windowScores is ${JSON.stringify(scoring)}; it is one of ${windowScorings.join(", ")}.`, {
      details: { option: "windowScores", value: scoring },
    });
  }
  const names = labelNames(model);
  const globals = globalAttentionPolicy(model.config, "sequence-classification").kind === "first-token" ? 1 : 0;
  return (text) => {
    const tokens = encodeText("text", text, model.tokenizer);
    const all = textWindows(tokens, options, { maxTokens: model.maxTokens, defaultStride: 0 });
    const windows = scoring === "first" ? all.slice(0, 1) : all;
    const read = windows.at(-1)?.end ?? 0;
    const found: Float64Array[] = [];
    return {
      rows: windows.map((window) => textRow(model.tokenizer, tokens, window, globals)),
      add({ logits }) {
        if (logits === undefined) throw new TypeError("a classifier has logits");
        found.push(scoresOf(logits));
      },
      result() {
        const scores = scoring === "max" ? largestScores(found) : meanScores(found, windows);
        const labels = Array.from(scores, (score, index): LabelScore => ({ label: names[index] ?? "", score })).toSorted(
          (a, b) => b.score - a.score,
        );
        const [best] = labels;
        if (best === undefined) throw new TypeError("a classifier has a label");
        return { ...best, labels, windows: windows.length, unreadTokens: tokens.ids.length - read };
      },
    };
  };
}

/** Each window counts by its tokens that no window before it had. */
function meanScores(found: readonly Float64Array[], windows: readonly Window[]): Float64Array {
  const [first = new Float64Array()] = found;
  // Its own scores, to the last bit.
  if (found.length === 1) return first;
  const total = windows.at(-1)?.end ?? 1;
  const shares = windows.map(({ end }, index) => (end - (windows[index - 1]?.end ?? 0)) / total);
  return first.map((_, label) => found.reduce((sum, scores, index) => sum + (scores[label] ?? 0) * (shares[index] ?? 0), 0));
}

function largestScores(found: readonly Float64Array[]): Float64Array {
  const [first = new Float64Array()] = found;
  return first.map((_, label) => found.reduce((largest, scores) => Math.max(largest, scores[label] ?? 0), -Infinity));
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
