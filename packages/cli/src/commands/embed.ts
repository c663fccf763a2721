import { embedText, type EmbedTextOptions } from "@longspan/pipelines";
import { resultOf, type TextCommand, type TextCommandOptions } from "../batch/text-command.ts";
import { runTextCommand, type TextCommandContext } from "../batch/run-text-command.ts";
import { textPipeline } from "../jobs/text-pipeline.ts";
import { styled, writeText } from "../terminal.ts";

export interface EmbedOptions extends TextCommandOptions {
  readonly pooling?: NonNullable<EmbedTextOptions["pooling"]>;
  readonly normalize?: boolean;
  readonly prompt?: string;
  readonly promptName?: string;
}

/** Sentences about single texts that are told; of more, how many there are. */
const toldTexts = 20;

/** `longspan embed`: texts as vectors, by any Longformer's trunk. */
export async function embed(model: string, options: EmbedOptions, context: TextCommandContext): Promise<void> {
  await runTextCommand(model, options, embedCommand(), context);
}

function embedCommand(): TextCommand<EmbedOptions> {
  // With --profile the model runs twice; a text is told of once.
  const unread = new Map<number, string>();
  return {
    name: "embed",
    heads: undefined,
    lineOptions: ["pooling", "normalize", "prompt", "promptName"],
    create: async (options, pipelineOptions) =>
      textPipeline(await embedText(pipelineOptions), {
        options,
        input: (text) => text,
        call: ({ pooling, normalize, prompt, promptName }: EmbedOptions) => ({
          pooling,
          normalize,
          prompt,
          promptName,
          onUnread: ({ text, tokens, limit }) => {
            const told = unread.size < toldTexts;
            unread.set(
              text,
              told ? `The last ${tokens} tokens of text ${text + 1} were not read: the model's files say that it reads ${limit}.` : "",
            );
          },
        }),
        document: (vector: Float32Array) => ({ embedding: Array.from(vector) }),
      }),
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
    columns: ["embedding"],
    cells: (document) => document,
    notes: () => {
      const all = [...unread.values()];
      const more = all.length - toldTexts;
      return more > 0 ? [...all.slice(0, toldTexts), `Of ${more} more texts the end was not read.`] : all;
    },
  };
}
