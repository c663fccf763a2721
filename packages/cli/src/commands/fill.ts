import { fillMask, type FilledMask } from "@longspan/pipelines";
import { resultOf, type TextCommand, type TextCommandOptions } from "../batch/text-command.ts";
import { runTextCommand, type TextCommandContext } from "../batch/run-text-command.ts";
import { textPipeline } from "../jobs/text-pipeline.ts";
import { placeOf, type GivenPlace } from "../documents/read-document.ts";
import { onOneLine } from "../output/marked-sentence.ts";
import { showsStyles, styled, writeColumns, writeText } from "../terminal.ts";

export interface FillOptions extends TextCommandOptions {
  readonly topK?: number;
}

/** `longspan fill`: words for each mask of texts. */
export async function fill(model: string, options: FillOptions, context: TextCommandContext): Promise<void> {
  await runTextCommand(model, options, fillCommand, context);
}

interface PlacedMask extends FilledMask {
  /** Of a document, where in it the mask stands. */
  readonly place?: GivenPlace;
}

/** How masks are filled. */
export const fillCommand: TextCommand<FillOptions> = {
  name: "fill",
  heads: ["masked-lm"],
  lineOptions: ["topK"],
  create: async (options, pipelineOptions) =>
    textPipeline(await fillMask(pipelineOptions), {
      options,
      input: (text) => text,
      call: ({ topK }: FillOptions) => ({ topK }),
      document: (masks: readonly FilledMask[], given) => ({
        masks: masks.map((mask): PlacedMask => ({ ...mask, ...placeOf(given, mask) })),
      }),
    }),
  json: (outcomes) => ({ results: outcomes.map((outcome) => resultOf(outcome)) }),
  describe: ({ document, given }, label, { out }) => {
    if (label !== undefined) writeText(out, styled("dim", label));
    for (const { start, end, fillings, place } of document.masks as readonly PlacedMask[]) {
      const [before, after] = [given.text.slice(Math.max(0, start - 40), start), given.text.slice(end, end + 40)].map((side) =>
        onOneLine(side.toWellFormed()),
      );
      const mask = given.text.slice(start, end);
      writeText(
        out,
        before ?? "",
        showsStyles(out) ? styled("bold", mask) : `«${mask}»`,
        after ?? "",
        styled("dim", place === undefined ? "" : `  ${place.description}`),
      );
      writeColumns(
        out,
        fillings.map(({ text, score }) => ["", onOneLine(text).trim(), score.toPrecision(4)]),
      );
    }
  },
  columns: ["masks"],
  cells: (document) => document,
};
