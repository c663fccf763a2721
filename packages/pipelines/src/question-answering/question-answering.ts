import { longformerGraph } from "@longspan/core/graph";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import type { PipelineOptions } from "../model/pipeline-options.ts";
import { jobPipeline } from "../running/job-pipeline.ts";
import type { Prepare } from "../running/job.ts";
import { integerOption } from "../running/integer-option.ts";
import { windowScores } from "./best-spans.ts";
import { collectAnswers } from "./collect-answers.ts";
import { joinRule, questionWindows, type JoinRule } from "./question-windows.ts";
import type { QuestionAndContext, QuestionAnswerer, QuestionAnsweringOptions, QuestionAnsweringResult } from "./types.ts";

/**
 * Answers questions with pieces of documents. A document longer than the model is read in overlapping windows, each behind the whole
 * question, and the best answer of all windows counts. With `{ windowTokens: 384, strideTokens: 128, maxAnswerTokens: 15 }` the answers
 * are those of transformers' pipeline with its defaults.
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
  return jobPipeline({ model, prepare: (given) => prepareAnswers(model, rule, given) });
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
        collector.add(window, windowScores(starts, ends, window.at, window.count));
      },
      result() {
        const answers = collector.answers();
        const [best] = answers;
        if (best === undefined) throw new TypeError("a document has an answer");
        return { ...best, answers, windows: windows.length };
      },
    };
  };
}
