import type { Checkpoint } from "@longspan/core";
import {
  classifyText,
  classifyTokens,
  type ClassifyTextOptions,
  type ClassifyTokensOptions,
  type Entity,
  type PipelineHandle,
  type PipelineOptions,
  type TextClassification,
} from "@longspan/pipelines";
import { jsonDocument } from "../output/json-document.ts";
import { markedSentence } from "../output/marked-sentence.ts";
import { noteWarnings } from "../output/notes.ts";
import { describeProfile } from "../output/profile-report.ts";
import { runPipeline } from "../model/run-pipeline.ts";
import type { TextCommandOptions } from "../model/pipeline-options.ts";
import { writeColumns, styled, writeLine, type Terminal } from "../terminal.ts";
import { givenTexts } from "../text-input.ts";

export interface ClassifyOptions extends TextCommandOptions {
  readonly scores?: NonNullable<ClassifyTextOptions["scores"]>;
  readonly aggregation?: NonNullable<ClassifyTokensOptions["aggregation"]>;
}

/** What one text is, or what its tokens are: the checkpoint's head says which. */
type Result = Pick<TextClassification, "labels" | "windows" | "unreadTokens"> | { readonly entities: readonly Entity[] };

type Running = Pick<PipelineOptions, "signal" | "onProgress">;

/** `longspan classify`: labels of texts, or of their tokens. */
export async function classify(model: string, options: ClassifyOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const texts = await givenTexts(options, terminal, signal);
  const {
    result: results,
    checkpoint,
    facts,
  } = await runPipeline(
    model,
    options,
    {
      command: "classify",
      heads: ["sequence-classification", "token-classification"],
      create: async (pipelineOptions, opened) => createClassifier(pipelineOptions, opened, options),
      run: async (classifier, running) => classifier.run(texts, running),
    },
    { terminal, signal },
  );
  if (options.json === true) {
    terminal.out.write(jsonDocument({ head: checkpoint.head, results, ...facts }));
    return;
  }
  for (const [index, result] of results.entries()) describe(result, texts[index] ?? "", terminal);
  if (facts.profile !== undefined) describeProfile(facts.profile, terminal);
}

interface Classifier extends PipelineHandle {
  run(texts: readonly string[], running: Running): Promise<readonly Result[]>;
}

async function createClassifier(
  options: PipelineOptions,
  { head }: Checkpoint,
  { scores, aggregation }: ClassifyOptions,
): Promise<Classifier> {
  if (head === "token-classification") {
    const pipeline = await classifyTokens(options);
    return {
      ...handleOf(pipeline),
      run: async (texts, running) => (await pipeline(texts, { ...running, aggregation })).map((entities) => ({ entities })),
    };
  }
  const pipeline = await classifyText(options);
  return {
    ...handleOf(pipeline),
    run: async (texts, running) =>
      (await pipeline(texts, { ...running, scores })).map(({ labels, windows, unreadTokens }) => ({ labels, windows, unreadTokens })),
  };
}

/** A pipeline is a function; its handle alone is data. */
function handleOf({ model, runtime, device, profile, dispose, [Symbol.asyncDispose]: asyncDispose }: PipelineHandle): PipelineHandle {
  return { model, runtime, device, ...(profile === undefined ? {} : { profile }), dispose, [Symbol.asyncDispose]: asyncDispose };
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
