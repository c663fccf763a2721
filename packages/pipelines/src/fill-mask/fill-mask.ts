import { LongspanError, type LongformerConfig } from "@longspan/core";
import type { OptionNames } from "@longspan/core/adapter";
import { specialIds } from "../model/check-tokenizer.ts";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import { type PipelineOptions, type RunOptions, runOptionNames } from "../model/pipeline-options.ts";
import { fillIn } from "./fill-in.ts";
import { jobPipeline, type JobPipeline } from "../running/job-pipeline.ts";
import type { Prepare } from "../running/job.ts";
import { topIndices, softmax } from "../running/probabilities.ts";
import { encodeText, textRow } from "../running/text-windows.ts";
import { integerOption } from "../running/number-option.ts";
import type { Window } from "../running/windows.ts";
import type { TextTokenizer, TokenizedText } from "../tokenizer/text-tokenizer.ts";
import { fillMaskGraph } from "./fill-mask-graph.ts";

/** How many words are wanted for each mask. */
export interface FillMaskOptions extends RunOptions {
  /** Tokens for each mask. Default 5. */
  readonly topK?: number | undefined;
}

/** A token that fits in a mask's place. */
export interface MaskFilling {
  /** The token's id. */
  readonly id: number;
  /** As the vocabulary spells it: `Ġlamp`. */
  readonly token: string;
  /** The text of the token alone. */
  readonly text: string;
  /** Its probability among all tokens, from 0 to 1. */
  readonly score: number;
  /** The whole text with this token in place of this mask; other masks stay. */
  readonly filled: string;
}

/** A mask of a text, and what fits there. */
export interface FilledMask {
  /** Where the mask stands in the text, in UTF-16 units. */
  readonly start: number;
  /** Behind the mask, in UTF-16 units of the text. */
  readonly end: number;
  /** The best first. */
  readonly fillings: readonly MaskFilling[];
}

/** Finds words for masks: what `fillMask` gives. It takes one text, or a list. */
export interface MaskFiller extends JobPipeline<string, FillMaskOptions, readonly FilledMask[]> {
  /** What stands for a word to be filled in: `<mask>`. */
  readonly mask: string;
}

/** All that a call may be told. */
const optionNames: OptionNames<FillMaskOptions> = { ...runOptionNames, topK: true };

/**
 * Finds words for each mask of a text. Each mask of a text longer than the model is looked at in a window around it.
 * @throws LongspanError as `questionAnswering`; `inputs-invalid` for a tokenizer or a text without a mask.
 */
export async function fillMask(options: PipelineOptions): Promise<MaskFiller> {
  const model = await openModel(options, {
    pipeline: "fillMask",
    head: "masked-lm",
    graph: fillMaskGraph,
    check: (tokenizer, config) => [specialIds(tokenizer), checkMask(tokenizer, config)],
  });
  return Object.assign(
    jobPipeline<string, FillMaskOptions, readonly FilledMask[]>({
      model,
      call: { name: "fillMask", options: optionNames },
      prepare: (given) => prepareFillings(model, given),
    }),
    { mask: model.tokenizer.tokenOf(maskOf(model.tokenizer)) ?? "" },
  );
}

/** A mask that a tokenizer adds by itself is not among its vocabulary. @throws LongspanError `inputs-invalid`, `id-out-of-range`. */
function checkMask(tokenizer: TextTokenizer, { vocabSize }: LongformerConfig): void {
  const mask = maskOf(tokenizer);
  if (mask < vocabSize) return;
  throw new LongspanError(
    "id-out-of-range",
    `${tokenizer.name} gives ${tokenizer.tokenOf(mask) ?? "its mask"} the id ${mask}; the model's vocabulary ends at ${vocabSize - 1} (vocab_size ${vocabSize}). Give the tokenizer that this model was trained with (option tokenizer).`,
    { details: { tokenizer: tokenizer.name, id: mask, vocabSize } },
  );
}

function maskOf(tokenizer: TextTokenizer): number {
  const { mask } = tokenizer.special;
  if (mask !== undefined) return mask;
  throw new LongspanError(
    "inputs-invalid",
    `${tokenizer.name} has no mask token (<mask> or [MASK]). Name it in tokenizer_config.json as mask_token, or give the model's own tokenizer (option tokenizer).`,
    { details: { tokenizer: tokenizer.name } },
  );
}

function prepareFillings(model: OpenedModel, options: FillMaskOptions = {}): Prepare<string, readonly FilledMask[]> {
  const topK = integerOption("topK", options.topK ?? pipelineDefaults.fillMask.topK, 1);
  const { tokenizer } = model;
  return (text) => {
    const tokens = encodeText("text", text, tokenizer);
    const windows = windowsOf(masksIn(tokens, tokenizer), tokens.ids.length, model.maxTokens - 2);
    const filled: FilledMask[] = [];
    let next = 0;
    return {
      rows: windows.map(({ window, masks }) => ({
        ...textRow(tokenizer, tokens, window, 0),
        maskPositions: masks.map((mask) => mask - window.start + 1),
      })),
      add({ logits }) {
        const job = windows[next++];
        if (job === undefined || logits === undefined) throw new TypeError("each mask has logits");
        for (const [index, mask] of job.masks.entries()) {
          const start = tokens.starts[mask] ?? 0;
          const end = tokens.ends[mask] ?? 0;
          const scores = softmax(logits.subarray(index * model.config.vocabSize, (index + 1) * model.config.vocabSize));
          const fillings = topIndices(scores, topK).map((id): MaskFilling => {
            const filledText = fillIn(tokenizer, text, { id: tokens.ids[mask] ?? 0, start, end }, id);
            return { id, token: tokenizer.tokenOf(id) ?? "", text: tokenizer.decode([id]), score: scores[id] ?? 0, filled: filledText };
          });
          filled.push({ start, end, fillings });
        }
      },
      result: () => filled,
    };
  };
}

function masksIn(tokens: TokenizedText, tokenizer: TextTokenizer): readonly number[] {
  const mask = maskOf(tokenizer);
  const masks = Array.from(tokens.ids.keys()).filter((index) => tokens.ids[index] === mask);
  if (masks.length > 0) return masks;
  throw new LongspanError("inputs-invalid", `The text has no ${tokenizer.tokenOf(mask) ?? "mask"}; write it where a word is wanted.`, {
    details: { input: "text", mask: tokenizer.tokenOf(mask) },
  });
}

/** All masks in one window where the text fits; else one around each, with the mask in its middle unless the text ends sooner. */
function windowsOf(
  masks: readonly number[],
  count: number,
  room: number,
): readonly { readonly window: Window; readonly masks: readonly number[] }[] {
  if (count <= room) return [{ window: { start: 0, end: count }, masks }];
  return masks.map((mask) => {
    const start = Math.max(0, Math.min(mask - Math.floor(room / 2), count - room));
    return { window: { start, end: start + room }, masks: [mask] };
  });
}
