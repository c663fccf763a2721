import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "@longspan/core/adapter";
import { lowConfidenceScore, pipelineDefaults, questionAnswering, type Answer, type QuestionAnsweringResult } from "@longspan/pipelines";
import { resultOf, type TextCommand, type TextCommandOptions } from "../batch/text-command.ts";
import { runTextCommand, type TextCommandContext } from "../batch/run-text-command.ts";
import { textField } from "../jobs/job-text.ts";
import { textPipeline } from "../jobs/text-pipeline.ts";
import { placeOf, type GivenPlace } from "../documents/read-document.ts";
import { markedSentence, onOneLine } from "../output/marked-sentence.ts";
import { styled, writeText, type Terminal } from "../terminal.ts";

export interface AskOptions extends TextCommandOptions {
  readonly question: readonly string[];
  readonly topK?: number;
  readonly maxAnswerTokens?: number;
  readonly windowTokens?: number;
  readonly strideTokens?: number;
  readonly withinWords?: boolean;
  readonly allowNoAnswer?: boolean;
  readonly overlapping?: boolean;
  readonly minScore?: number;
}

/** `longspan ask`: questions, answered with pieces of documents. */
export async function ask(model: string, options: AskOptions, context: TextCommandContext): Promise<void> {
  await runTextCommand(model, options, askCommand(options), context);
}

/** How questions are answered. */
export function askCommand({
  minScore = pipelineDefaults.questionAnswering.minScore,
}: Pick<AskOptions, "minScore">): TextCommand<AskOptions> {
  return {
    name: "ask",
    heads: ["question-answering"],
    lineOptions: ["topK", "maxAnswerTokens", "windowTokens", "strideTokens", "withinWords", "allowNoAnswer", "overlapping", "minScore"],
    create: async (options, pipelineOptions) =>
      textPipeline(await questionAnswering(pipelineOptions), {
        options,
        input: (context, job) => ({ question: textField(job, "question"), context }),
        call: ({
          topK,
          maxAnswerTokens,
          windowTokens,
          strideTokens,
          withinWords,
          allowNoAnswer,
          overlapping,
          minScore: least,
        }: AskOptions) => ({
          topK,
          maxAnswerTokens,
          windowTokens,
          strideTokens,
          alignToWords: withinWords !== true,
          noAnswer: allowNoAnswer === true,
          overlapping: overlapping === true,
          minScore: least,
        }),
        document: ({ answers, lowConfidence, windows }: QuestionAnsweringResult, given) => ({
          answers: answers.map((answer): PlacedAnswer => ({ ...answer, ...(answer.answer === "" ? {} : placeOf(given, answer)) })),
          lowConfidence,
          windows,
        }),
      }),
    json: (outcomes, { isSingle }) =>
      (isSingle ? outcomes[0]?.document : undefined) ?? { results: outcomes.map((outcome) => resultOf(outcome)) },
    describe: async ({ document, given }, label, terminal, signal) => {
      if (label !== undefined) writeText(terminal.out, styled("bold", label));
      const answers = answersOf(document);
      if (answers.length === 0) writeText(terminal.out, styled("yellow", "no answer"), `  none has a score of ${minScore}`);
      for (const [index, answer] of answers.entries()) {
        describe(answer, given.text, terminal);
        if (index % answersAtOnce !== answersAtOnce - 1) continue;
        // An interruption is heard only now and then.
        await setImmediate();
        throwIfAborted(signal);
      }
    },
    columns: ["answer", "start", "end", "score", "place", "lowConfidence", "windows", "answers"],
    cells: (document) => {
      const [best] = answersOf(document);
      return { ...document, ...best, place: best?.place?.description };
    },
  };
}

const answersAtOnce = 100;

interface PlacedAnswer extends Answer {
  /** Of a document, where in it the answer stands. */
  readonly place?: GivenPlace;
}

function answersOf(document: Readonly<Record<string, unknown>>): readonly PlacedAnswer[] {
  return document.answers as readonly PlacedAnswer[];
}

function describe(answer: PlacedAnswer, context: string, { out }: Terminal): void {
  const score = `score ${answer.score.toPrecision(4)}${answer.score < lowConfidenceScore ? ", low confidence" : ""}`;
  if (answer.answer === "") return writeText(out, styled("yellow", "no answer"), `  ${score}`);
  const place = answer.place === undefined ? "" : `  ${answer.place.description}`;
  writeText(out, styled("green", onOneLine(answer.answer)), `  ${score}`, styled("dim", place));
  writeText(out, "  ", ...markedSentence(context, answer, out));
}
