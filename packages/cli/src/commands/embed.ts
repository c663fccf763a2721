import { embedText, type EmbedTextOptions } from "@longspan/pipelines";
import { jsonDocument } from "../output/json-document.ts";
import { describeProfile } from "../output/profile-report.ts";
import { runPipeline } from "../model/run-pipeline.ts";
import type { TextCommandOptions } from "../model/pipeline-options.ts";
import { writeText, type Terminal } from "../terminal.ts";
import { givenTexts } from "../text-input.ts";

export interface EmbedOptions extends TextCommandOptions {
  readonly pooling?: NonNullable<EmbedTextOptions["pooling"]>;
  readonly normalize?: boolean;
}

/** `longspan embed`: a text as a vector, by any Longformer's trunk. */
export async function embed(model: string, options: EmbedOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const texts = await givenTexts(options, terminal, signal);
  const { result, facts } = await runPipeline(
    model,
    options,
    {
      command: "embed",
      heads: undefined,
      create: embedText,
      run: async (embedder, running) => embedder(texts, { ...running, pooling: options.pooling, normalize: options.normalize }),
    },
    { terminal, signal },
  );
  const embeddings = result.map((vector) => Array.from(vector));
  if (options.json === true) {
    terminal.out.write(jsonDocument({ embeddings, ...facts }));
    return;
  }
  for (const vector of embeddings) writeText(terminal.out, vector.join(" "));
  if (facts.profile !== undefined) describeProfile(facts.profile, terminal);
}
