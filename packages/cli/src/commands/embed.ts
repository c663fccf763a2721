import { LongspanError } from "@longspan/core";
import { embedChunks, embedText, type EmbedTextOptions, type TextChunk } from "@longspan/pipelines";
import { resultOf, type TextCommand, type TextCommandOptions } from "../batch/text-command.ts";
import { runTextCommand, type TextCommandContext } from "../batch/run-text-command.ts";
import { textPipeline } from "../jobs/text-pipeline.ts";
import { placeOf, type GivenPlace } from "../documents/read-document.ts";
import { styled, writeText, type LinePart } from "../terminal.ts";

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

/** What stands before a line of numbers. */
function labelled(label: string | undefined): readonly LinePart[] {
  return label === undefined ? [] : [styled("bold", label), "  "];
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
    // A line is a piece's place and its vector, and where there are several texts, what it is of.
    for (const { start, end, embedding } of document.chunks as readonly PlacedChunk[])
      writeText(out, ...labelled(label), [start, end, ...embedding].join(" "));
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
  const unread = new Map<number, { readonly tokens: number; readonly limit: number }>();
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
          onUnread: ({ text, tokens, limit }) => unread.set(text, { tokens, limit }),
        }),
        document: (vector: Float32Array, { name, place }, index) => {
          const cut = unread.get(index);
          unread.delete(index);
          if (cut === undefined) return { embedding: Array.from(vector) };
          const what = place === undefined ? `text ${index + 1}` : name;
          if (told.has(index) || told.size < toldTexts)
            told.set(index, `The last ${cut.tokens} tokens of ${what} were not read: the model's files say that it reads ${cut.limit}.`);
          else more++;
          return { embedding: Array.from(vector), unreadTokens: cut.tokens };
        },
      });
    },
    json: (outcomes) => {
      const errors = outcomes.filter(({ error }) => error !== undefined).map((outcome) => resultOf(outcome));
      const embeddings = outcomes.map(({ document }) => document?.embedding ?? null);
      return { ids: outcomes.map(({ job }) => job.id), embeddings, ...(errors.length === 0 ? {} : { errors }) };
    },
    describe: ({ document }, label, { out }) => {
      writeText(out, ...labelled(label), (document.embedding as readonly number[]).join(" "));
    },
    columns: ["embedding", "unreadTokens"],
    cells: (document) => document,
    notes: () => [...told.values(), ...(more > 0 ? [`Of ${more} more texts the end was not read.`] : [])],
  };
}
