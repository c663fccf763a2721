import { lowConfidenceScore, questionAnswering, type Answer } from "@longspan/pipelines";
import { jsonDocument } from "../output/json-document.ts";
import { markedSentence, onOneLine } from "../output/marked-sentence.ts";
import { noteWarnings } from "../output/notes.ts";
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
  readonly overlapping?: boolean;
  readonly minScore?: number;
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
            overlapping: options.overlapping === true,
            minScore: options.minScore,
          },
        ),
    },
    { terminal, signal },
  );
  const { answers, lowConfidence, windows } = result;
  if (options.json === true) {
    terminal.out.write(jsonDocument({ answers, lowConfidence, windows, ...facts }));
    return;
  }
  if (answers.length === 0) writeText(terminal.out, styled("yellow", "no answer"), `  none has a score of ${options.minScore ?? 0}`);
  else if (lowConfidence) noteWarnings([doubt], terminal);
  for (const answer of answers) describe(answer, context, terminal);
  if (facts.profile !== undefined) describeProfile(facts.profile, terminal);
}

const doubt = `The best score is below ${lowConfidenceScore}: the document may hold no answer, or say it in other words. Ask differently, or look at more answers (--top-k 5).`;

function describe(answer: Answer, context: string, { out }: Terminal): void {
  const score = `score ${answer.score.toPrecision(4)}`;
  if (answer.answer === "") return writeText(out, styled("yellow", "no answer"), `  ${score}`);
  writeText(out, styled("green", onOneLine(answer.answer)), `  ${score}`);
  writeText(out, "  ", ...markedSentence(context, answer, out));
}
