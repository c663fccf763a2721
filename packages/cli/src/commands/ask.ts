import { questionAnswering, type Answer } from "@longspan/pipelines";
import { jsonDocument } from "../output/json-document.ts";
import { markedSentence, onOneLine } from "../output/marked-sentence.ts";
import { describeProfile } from "../output/profile-report.ts";
import { runPipeline } from "../model/run-pipeline.ts";
import type { PipelineCommandOptions } from "../model/pipeline-options.ts";
import { styled, writeText, type Terminal } from "../terminal.ts";
import { readDocument, requireWords } from "../text-input.ts";

export interface AskOptions extends PipelineCommandOptions {
  readonly question: string;
  readonly document: string;
  readonly topK?: number;
  readonly maxAnswerTokens?: number;
  readonly windowTokens?: number;
  readonly strideTokens?: number;
  readonly withinWords?: boolean;
  readonly allowNoAnswer?: boolean;
}

/** `longspan ask`: a question, answered with a piece of a document. */
export async function ask(model: string, options: AskOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { question } = options;
  requireWords("The question", question);
  const { text: context } = await readDocument(options.document, terminal, signal);
  const { result, facts } = await runPipeline(
    model,
    options,
    {
      command: "ask",
      heads: ["question-answering"],
      create: questionAnswering,
      run: async (answerer, running) =>
        answerer(
          { question, context },
          {
            ...running,
            topK: options.topK,
            maxAnswerTokens: options.maxAnswerTokens,
            windowTokens: options.windowTokens,
            strideTokens: options.strideTokens,
            alignToWords: options.withinWords !== true,
            noAnswer: options.allowNoAnswer === true,
          },
        ),
    },
    { terminal, signal },
  );
  const { answers, windows } = result;
  if (options.json === true) {
    terminal.out.write(jsonDocument({ answers, windows, ...facts }));
    return;
  }
  for (const answer of answers) describe(answer, context, terminal);
  if (facts.profile !== undefined) describeProfile(facts.profile, terminal);
}

function describe(answer: Answer, context: string, { out }: Terminal): void {
  const score = `score ${answer.score.toPrecision(4)}`;
  if (answer.answer === "") return writeText(out, styled("yellow", "no answer"), `  ${score}`);
  writeText(out, styled("green", onOneLine(answer.answer)), `  ${score}`);
  writeText(out, "  ", ...markedSentence(context, answer, out));
}
