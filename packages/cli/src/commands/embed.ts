import { LongspanError } from "@longspan/core";
import { embedChunks, embedText, type EmbedTextOptions, type TextChunk } from "@longspan/pipelines";
import { resultOf, type TextCommand, type TextCommandOptions } from "../batch/text-command.ts";
import { runTextCommand, type TextCommandContext } from "../batch/run-text-command.ts";
import { textPipeline } from "../jobs/text-pipeline.ts";
import { placeOf, type GivenPlace } from "../documents/read-document.ts";
import { styled, writeText } from "../terminal.ts";

export interface EmbedOptions extends TextCommandOptions {
  readonly pooling?: NonNullable<EmbedTextOptions["pooling"]>;
  readonly normalize?: boolean;
  readonly prompt?: string;
  readonly promptName?: string;
  readonly chunks?: boolean;
  readonly windowTokens?: number;
  readonly strideTokens?: number;
}

/** Sentences about single texts that are told; of more, how many there are. */
const toldTexts = 20;

/** `longspan embed`: texts as vectors, by any Longformer's trunk. */
export async function embed(model: string, options: EmbedOptions, context: TextCommandContext): Promise<void> {
  if (options.chunks !== true && (options.windowTokens !== undefined || options.strideTokens !== undefined))
    throw new LongspanError("argument-invalid", "--window-tokens and --stride-tokens are for --chunks. Leave them out, or say --chunks.");
  await runTextCommand(model, options, options.chunks === true ? chunksCommand : embedCommand(), context);
}

interface PlacedChunk {
  readonly start: number;
  readonly end: number;
  /** Of a document, where in it the chunk stands. */
  readonly place?: GivenPlace;
  readonly embedding: readonly number[];
}

/** `--chunks`: a vector for each piece of a text. */
const chunksCommand: TextCommand<EmbedOptions> = {
  name: "embed",
  heads: undefined,
  lineOptions: ["pooling", "normalize", "prompt", "promptName", "windowTokens", "strideTokens"],
  create: async (options, pipelineOptions) =>
    textPipeline(await embedChunks(pipelineOptions), {
      options,
      input: (text) => text,
      call: ({ pooling, normalize, prompt, promptName, windowTokens, strideTokens }: EmbedOptions) => ({
        pooling,
        normalize,
        prompt,
        promptName,
        windowTokens,
        strideTokens,
      }),
      document: (chunks: readonly TextChunk[], given) => ({
        chunks: chunks.map(({ start, end, vector }): PlacedChunk => ({
          start,
          end,
          ...placeOf(given, { start, end }),
          embedding: Array.from(vector),
        })),
      }),
    }),
  json: (outcomes) => ({ results: outcomes.map((outcome) => resultOf(outcome)) }),
  describe: ({ document }, label, { out }) => {
    if (label !== undefined && out.isTTY === true) writeText(out, styled("bold", label));
    // A line is a piece's place and its vector.
    for (const { start, end, embedding } of document.chunks as readonly PlacedChunk[]) writeText(out, [start, end, ...embedding].join(" "));
  },
  columns: ["chunks"],
  cells: (document) => document,
};

/** How texts become vectors. */
export function embedCommand(): TextCommand<EmbedOptions> {
  // With --profile the model runs twice; a text is told of once.
  const told = new Map<number, string>();
  let more = 0;
  // Of the texts that are on their way, by their numbers.
  const unread = new Map<number, number>();
  return {
    name: "embed",
    heads: undefined,
    lineOptions: ["pooling", "normalize", "prompt", "promptName"],
    create: async (options, pipelineOptions) => {
      unread.clear();
      return textPipeline(await embedText(pipelineOptions), {
        options,
        input: (text) => text,
        call: ({ pooling, normalize, prompt, promptName }: EmbedOptions) => ({
          pooling,
          normalize,
          prompt,
          promptName,
          onUnread: ({ text, tokens, limit }) => {
            unread.set(text, tokens);
            if (told.has(text) || told.size < toldTexts)
              told.set(text, `The last ${tokens} tokens of text ${text + 1} were not read: the model's files say that it reads ${limit}.`);
            else more++;
          },
        }),
        document: (vector: Float32Array, _, index) => {
          const unreadTokens = unread.get(index);
          unread.delete(index);
          return { embedding: Array.from(vector), ...(unreadTokens === undefined ? {} : { unreadTokens }) };
        },
      });
    },
    json: (outcomes) => {
      const errors = outcomes.filter(({ error }) => error !== undefined).map((outcome) => ({ id: outcome.job.id, ...resultOf(outcome) }));
      const embeddings = outcomes.map(({ document }) => document?.embedding ?? null);
      return { embeddings, ...(errors.length === 0 ? {} : { errors }) };
    },
    describe: ({ document }, label, { out }) => {
      // A line is a vector and nothing else, whose order tells what it is of.
      if (label !== undefined && out.isTTY === true) writeText(out, styled("bold", label));
      writeText(out, (document.embedding as readonly number[]).join(" "));
    },
    columns: ["embedding", "unreadTokens"],
    cells: (document) => document,
    notes: () => [...told.values(), ...(more > 0 ? [`Of ${more} more texts the end was not read.`] : [])],
  };
}
