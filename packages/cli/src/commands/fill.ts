import { fillMask } from "@longspan/pipelines";
import { jsonDocument } from "../output/json-document.ts";
import { onOneLine } from "../output/marked-sentence.ts";
import { describeProfile } from "../output/profile-report.ts";
import { runPipeline } from "../model/run-pipeline.ts";
import type { TextCommandOptions } from "../model/pipeline-options.ts";
import { styled, writeColumns, writeText, type Terminal } from "../terminal.ts";
import { givenTexts } from "../text-input.ts";

export interface FillOptions extends TextCommandOptions {
  readonly topK?: number;
}

/** `longspan fill`: words for each mask of a text. */
export async function fill(model: string, options: FillOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const texts = await givenTexts(options, terminal, signal);
  const { result, facts } = await runPipeline(
    model,
    options,
    {
      command: "fill",
      heads: ["masked-lm"],
      create: fillMask,
      run: async (filler, running) => filler(texts, { ...running, topK: options.topK }),
    },
    { terminal, signal },
  );
  const { out } = terminal;
  if (options.json === true) {
    const results = result.map((masks) => ({ masks }));
    out.write(jsonDocument({ results, ...facts }));
    return;
  }
  for (const [index, masks] of result.entries()) {
    for (const { start, end, fillings } of masks) {
      const place = onOneLine(texts[index]?.slice(Math.max(0, start - 40), end + 40) ?? "");
      writeText(out, styled("bold", place));
      writeColumns(
        out,
        fillings.map(({ text, score }) => ["", onOneLine(text).trim(), score.toPrecision(4)]),
      );
    }
  }
  if (facts.profile !== undefined) describeProfile(facts.profile, terminal);
}
