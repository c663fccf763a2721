import type { OptionNames } from "@longspan/core/adapter";
import { longformerGraph } from "@longspan/core/graph";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import { type PipelineOptions, runOptionNames } from "../model/pipeline-options.ts";
import { jobPipeline } from "../running/job-pipeline.ts";
import type { Prepare } from "../running/job.ts";
import { integerOption, shareOption } from "../running/number-option.ts";
import { collectAnswers } from "./collect-answers.ts";
import { joinRule, questionWindows, type JoinRule } from "./question-windows.ts";
import {
  lowConfidenceScore,
  type QuestionAndContext,
  type QuestionAnswerer,
  type QuestionAnsweringOptions,
  type QuestionAnsweringResult,
} from "./types.ts";

/** All that a call may be told. */
const optionNames: OptionNames<QuestionAnsweringOptions> = {
  ...runOptionNames,
  topK: true,
  maxAnswerTokens: true,
  alignToWords: true,
  noAnswer: true,
  overlapping: true,
  minScore: true,
  windowTokens: true,
  strideTokens: true,
};

/**
 * Answers questions with pieces of documents. A document longer than the model is read in overlapping windows, each behind the whole
 * question, and the likeliest answer of the whole document counts. With `{ windowTokens: 384, strideTokens: 128, maxAnswerTokens: 15, overlapping: true }`
 * the answers are those of transformers' pipeline with its defaults.
 * @throws LongspanError `head-unknown`, `not-found` (also for a missing tokenizer), `id-out-of-range` for another model's tokenizer,
 * `separators-mismatch`, `aborted`, and what opening the model throws. A call: `inputs-invalid`, `sequence-too-long`,
 * `argument-invalid`, `aborted`, `closed`.
 */
export async function questionAnswering(options: PipelineOptions): Promise<QuestionAnswerer> {
  const model = await openModel(options, {
    pipeline: "questionAnswering",
    head: "question-answering",
    graph: (config) => longformerGraph(config, "question-answering"),
    check: joinRule,
  });
  const rule = joinRule(model.tokenizer, model.config);
  return jobPipeline({
    model,
    call: { name: "questionAnswering", options: optionNames },
    prepare: (given) => prepareAnswers(model, rule, given),
  });
}

function prepareAnswers(
  model: OpenedModel,
  rule: JoinRule,
  options: QuestionAnsweringOptions = {},
): Prepare<QuestionAndContext, QuestionAnsweringResult> {
  const defaults = pipelineDefaults.questionAnswering;
  const collecting = {
    topK: integerOption("topK", options.topK ?? defaults.topK, 1),
    maxAnswerTokens: integerOption("maxAnswerTokens", options.maxAnswerTokens ?? defaults.maxAnswerTokens, 1),
    alignToWords: options.alignToWords ?? defaults.alignToWords,
    noAnswer: options.noAnswer ?? defaults.noAnswer,
    overlapping: options.overlapping ?? defaults.overlapping,
    minScore: shareOption("minScore", options.minScore ?? defaults.minScore),
  };
  return (input) => {
    const { context, tokens, windows } = questionWindows(input, model.tokenizer, rule, { ...options, maxTokens: model.maxTokens });
    const collector = collectAnswers(context, tokens, collecting);
    let next = 0;
    return {
      rows: windows.map(({ row }) => row),
      add({ start_logits: starts, end_logits: ends }) {
        const window = windows[next++];
        if (window === undefined || starts === undefined || ends === undefined) throw new TypeError("each window has start and end logits");
        collector.add(window, starts, ends);
      },
      result() {
        const { answers, none } = collector.result();
        // Where none is likely enough, there is none, as where the model says so.
        const best = answers[0] ?? none;
        return { ...best, lowConfidence: best.score < lowConfidenceScore, answers, windows: windows.length };
      },
    };
  };
}
