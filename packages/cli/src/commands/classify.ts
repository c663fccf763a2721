import { LongspanError, type Checkpoint } from "@longspan/core";
import {
  classifyText,
  classifyTokens,
  pipelineDefaults,
  type ClassifyTextOptions,
  type ClassifyTokensOptions,
  type Entity,
  type PipelineOptions,
  type TextClassification,
} from "@longspan/pipelines";
import { resultOf, type TextCommand, type TextCommandOptions } from "../batch/text-command.ts";
import { runTextCommand, type TextCommandContext } from "../batch/run-text-command.ts";
import { textPipeline, type TextPipeline } from "../jobs/text-pipeline.ts";
import { placeOf, type GivenPlace, type GivenText } from "../documents/read-document.ts";
import { markedSentence } from "../output/marked-sentence.ts";
import { noteWarnings } from "../output/notes.ts";
import { writeColumns, styled, writeLine, writeText, type Terminal } from "../terminal.ts";

export interface ClassifyOptions extends TextCommandOptions {
  readonly scores?: NonNullable<ClassifyTextOptions["scores"]>;
  readonly aggregation?: NonNullable<ClassifyTokensOptions["aggregation"]>;
  readonly windowScores?: NonNullable<ClassifyTextOptions["windowScores"]>;
}

/** What one text is, or what its tokens are: the checkpoint's head says which. */
type Result = Pick<TextClassification, "labels" | "windows" | "unreadTokens"> | { readonly entities: readonly PlacedEntity[] };

interface PlacedEntity extends Entity {
  /** Of a document, where in it they stand. */
  readonly place?: GivenPlace;
}

/** `longspan classify`: labels of texts, or of their tokens. */
export async function classify(model: string, options: ClassifyOptions, context: TextCommandContext): Promise<void> {
  await runTextCommand(model, options, classifyCommand(options), context);
}

/** How texts and their tokens are labelled. */
export function classifyCommand({
  windowScores: scoring = pipelineDefaults.classifyText.windowScores,
}: Pick<ClassifyOptions, "windowScores">): TextCommand<ClassifyOptions> {
  return {
    name: "classify",
    heads: ["sequence-classification", "token-classification"],
    lineOptions: ["scores", "windowScores", "aggregation"],
    create: async (options, pipelineOptions, opened) => createClassifier(pipelineOptions, opened, options),
    json: (outcomes, { head }) => ({ head, results: outcomes.map((outcome) => resultOf(outcome)) }),
    describe: ({ document, given }, label, terminal) => {
      if (label !== undefined) writeText(terminal.out, styled("bold", label));
      describe(document as unknown as Result, { given, label, scoring }, terminal);
    },
    columns: ["label", "score", "labels", "windows", "unreadTokens", "entities"],
    cells: (document) => {
      const labels = document.labels as TextClassification["labels"] | undefined;
      return { ...document, ...labels?.[0] };
    },
  };
}

/** Options of the other head would change nothing. @throws LongspanError `argument-invalid`. */
function requireOf(head: "texts" | "tokens", { scores, windowScores, aggregation }: ClassifyOptions): void {
  const foreign = head === "texts" ? { aggregation } : { scores, "window-scores": windowScores };
  const [name] = Object.entries(foreign).find(([, value]) => value !== undefined) ?? [];
  if (name === undefined) return;
  const [own, other] = head === "texts" ? ["texts", "tokens"] : ["tokens", "texts"];
  throw new LongspanError("argument-invalid", `--${name} is for models that label ${other}, and this one labels ${own}. Leave it out.`, {
    details: { option: name },
  });
}

async function createClassifier(pipelineOptions: PipelineOptions, { head }: Checkpoint, options: ClassifyOptions): Promise<TextPipeline> {
  // Before the model is loaded for nothing; and of each line's own options.
  requireOf(head === "token-classification" ? "tokens" : "texts", options);
  if (head === "token-classification")
    return textPipeline(await classifyTokens(pipelineOptions), {
      options,
      input: (text) => text,
      call: (given: ClassifyOptions) => {
        requireOf("tokens", given);
        return { aggregation: given.aggregation };
      },
      document: (entities, given) => ({ entities: entities.map((entity): PlacedEntity => ({ ...entity, ...placeOf(given, entity) })) }),
    });
  return textPipeline(await classifyText(pipelineOptions), {
    options,
    input: (text) => text,
    call: (given: ClassifyOptions) => {
      requireOf("texts", given);
      return { scores: given.scores, windowScores: given.windowScores };
    },
    document: ({ labels, windows, unreadTokens }: TextClassification) => ({ labels, windows, unreadTokens }),
  });
}

interface DescribeOptions {
  readonly given: GivenText;
  readonly label: string | undefined;
  readonly scoring: NonNullable<ClassifyOptions["windowScores"]>;
}

function describe(result: Result, { given, label, scoring }: DescribeOptions, terminal: Terminal): void {
  const { out } = terminal;
  const name = label ?? given.name;
  if ("labels" in result) {
    if (result.windows > 1)
      noteWarnings(
        [
          `A label's score is the ${scoring === "max" ? "largest" : "mean"} of those of ${result.windows} windows, in which ${name} was read.`,
        ],
        terminal,
      );
    if (result.unreadTokens > 0) noteWarnings([`The last ${result.unreadTokens} tokens of ${name} were not read.`], terminal);
    writeColumns(
      out,
      result.labels.map(({ label, score }) => [label, score.toPrecision(4)]),
    );
    return;
  }
  if (result.entities.length === 0) writeLine(out, styled("dim", "nothing found"));
  writeColumns(
    out,
    result.entities.map((entity) => [
      entity.label,
      entity.score.toPrecision(4),
      ...(entity.place === undefined ? [] : [entity.place.description]),
      markedSentence(given.text, entity, out),
    ]),
  );
}
