import { embedText, type EmbedTextOptions } from "@longspan/pipelines";
import { jsonDocument } from "../output/json-document.ts";
import { noteWarnings } from "../output/notes.ts";
import { describeProfile } from "../output/profile-report.ts";
import { runPipeline } from "../model/run-pipeline.ts";
import type { TextCommandOptions } from "../model/pipeline-options.ts";
import { writeText, type Terminal } from "../terminal.ts";
import { givenTexts } from "../text-input.ts";

export interface EmbedOptions extends TextCommandOptions {
  readonly pooling?: NonNullable<EmbedTextOptions["pooling"]>;
  readonly normalize?: boolean;
  readonly prompt?: string;
  readonly promptName?: string;
}

/** `longspan embed`: a text as a vector, by any Longformer's trunk. */
export async function embed(model: string, options: EmbedOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const texts = await givenTexts(options, terminal, signal);
  // With --profile the model runs twice; a text is told of once.
  const unread = new Map<number, string>();
  const { result, facts } = await runPipeline(
    model,
    options,
    {
      command: "embed",
      heads: undefined,
      create: embedText,
      run: async (embedder, running) =>
        embedder(texts, {
          ...running,
          pooling: options.pooling,
          normalize: options.normalize,
          prompt: options.prompt,
          promptName: options.promptName,
          onUnread: ({ text, tokens, limit }) =>
            unread.set(text, `The last ${tokens} tokens of text ${text + 1} were not read: the model's files say that it reads ${limit}.`),
        }),
    },
    { terminal, signal },
  );
  const notes = [...unread.values()];
  const embeddings = result.map((vector) => Array.from(vector));
  if (options.json === true) {
    terminal.out.write(jsonDocument({ embeddings, ...facts, warnings: [...facts.warnings, ...notes] }));
    return;
  }
  noteWarnings(notes, terminal);
  for (const vector of embeddings) writeText(terminal.out, vector.join(" "));
  if (facts.profile !== undefined) describeProfile(facts.profile, terminal);
}
