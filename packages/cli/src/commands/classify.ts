import type { Checkpoint } from "@longspan/core";
import {
  classifyText,
  classifyTokens,
  type ClassifyTextOptions,
  type ClassifyTokensOptions,
  type Entity,
  type PipelineOptions,
  type TextClassification,
} from "@longspan/pipelines";
import { resultOf, type TextCommand, type TextCommandOptions } from "../batch/text-command.ts";
import { runTextCommand, type TextCommandContext } from "../batch/run-text-command.ts";
import { textPipeline, type TextPipeline } from "../jobs/text-pipeline.ts";
import { markedSentence } from "../output/marked-sentence.ts";
import { noteWarnings } from "../output/notes.ts";
import { writeColumns, styled, writeLine, writeText, type Terminal } from "../terminal.ts";

export interface ClassifyOptions extends TextCommandOptions {
  readonly scores?: NonNullable<ClassifyTextOptions["scores"]>;
  readonly aggregation?: NonNullable<ClassifyTokensOptions["aggregation"]>;
}

/** What one text is, or what its tokens are: the checkpoint's head says which. */
type Result = Pick<TextClassification, "labels" | "windows" | "unreadTokens"> | { readonly entities: readonly Entity[] };

/** `longspan classify`: labels of texts, or of their tokens. */
export async function classify(model: string, options: ClassifyOptions, context: TextCommandContext): Promise<void> {
  await runTextCommand(model, options, classifyCommand, context);
}

const classifyCommand: TextCommand<ClassifyOptions> = {
  name: "classify",
  heads: ["sequence-classification", "token-classification"],
  lineOptions: ["scores", "aggregation"],
  create: async (options, pipelineOptions, opened) => createClassifier(pipelineOptions, opened, options),
  json: (outcomes, { head }) => ({ head, results: outcomes.map((outcome) => resultOf(outcome)) }),
  describe: ({ document, given }, label, terminal) => {
    if (label !== undefined) writeText(terminal.out, styled("bold", label));
    describe(document as unknown as Result, given.text, terminal);
  },
  columns: ["label", "score", "labels", "windows", "unreadTokens", "entities"],
  cells: (document) => {
    const labels = document.labels as TextClassification["labels"] | undefined;
    return { ...document, ...labels?.[0] };
  },
};

async function createClassifier(pipelineOptions: PipelineOptions, { head }: Checkpoint, options: ClassifyOptions): Promise<TextPipeline> {
  if (head === "token-classification")
    return textPipeline(await classifyTokens(pipelineOptions), {
      options,
      input: (text) => text,
      call: ({ aggregation }: ClassifyOptions) => ({ aggregation }),
      document: (entities) => ({ entities }),
    });
  return textPipeline(await classifyText(pipelineOptions), {
    options,
    input: (text) => text,
    call: ({ scores }: ClassifyOptions) => ({ scores }),
    document: ({ labels, windows, unreadTokens }: TextClassification) => ({ labels, windows, unreadTokens }),
  });
}

function describe(result: Result, text: string, terminal: Terminal): void {
  const { out } = terminal;
  if ("labels" in result) {
    if (result.windows > 1)
      noteWarnings([`This text was read in ${result.windows} windows; a label's score is the mean of theirs.`], terminal);
    writeColumns(
      out,
      result.labels.map(({ label, score }) => [label, score.toPrecision(4)]),
    );
    return;
  }
  if (result.entities.length === 0) writeLine(out, styled("dim", "nothing found"));
  writeColumns(
    out,
    result.entities.map((entity) => [entity.label, entity.score.toPrecision(4), markedSentence(text, entity, out)]),
  );
}
