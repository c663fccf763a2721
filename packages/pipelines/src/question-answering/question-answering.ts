import { longformerGraph } from "@longspan/core/graph";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import type { PipelineOptions } from "../model/pipeline-options.ts";
import { oneOrMany } from "../running/one-or-many.ts";
import { runRows } from "../running/run-rows.ts";
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
  return Object.assign(
    oneOrMany<QuestionAndContext, QuestionAnsweringOptions, QuestionAnsweringResult>((inputs, given) =>
      answerAll(model, rule, inputs, given),
    ),
    model.handle,
  );
}

async function answerAll(
  model: OpenedModel,
  rule: JoinRule,
  inputs: readonly QuestionAndContext[],
  options: QuestionAnsweringOptions = {},
): Promise<readonly QuestionAnsweringResult[]> {
  const defaults = pipelineDefaults.questionAnswering;
  const collecting = {
    topK: integerOption("topK", options.topK ?? defaults.topK, 1),
    maxAnswerTokens: integerOption("maxAnswerTokens", options.maxAnswerTokens ?? defaults.maxAnswerTokens, 1),
    alignToWords: options.alignToWords ?? defaults.alignToWords,
    noAnswer: options.noAnswer ?? defaults.noAnswer,
  };
  const documents = inputs.map((input) => {
    const cut = questionWindows(input, model.tokenizer, rule, { ...options, maxTokens: model.maxTokens });
    return { ...cut, collector: collectAnswers(cut.context, cut.tokens, collecting) };
  });
  const jobs = documents.flatMap(({ windows, collector }) => windows.map((window) => ({ window, collector })));
  let next = 0;
  for await (const { start_logits: starts, end_logits: ends } of runRows(
    model,
    jobs.map(({ window }) => window.row),
    options,
  )) {
    const job = jobs[next++];
    if (job === undefined || starts === undefined || ends === undefined) throw new TypeError("each window has start and end logits");
    job.collector.add(job.window, windowScores(starts, ends, job.window.at, job.window.count));
  }
  return documents.map(({ windows, collector }) => {
    const answers = collector.answers();
    const [best] = answers;
    if (best === undefined) throw new TypeError("a document has an answer");
    return { ...best, answers, windows: windows.length };
  });
}
