import { LongspanError } from "@longspan/core";
import type { SessionInputs } from "@longspan/core/runtime";
import { specialIds } from "../model/check-tokenizer.ts";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import type { PipelineHandle, PipelineOptions, RunOptions } from "../model/pipeline-options.ts";
import { fillIn } from "./fill-in.ts";
import { oneOrMany, type OneOrMany } from "../running/one-or-many.ts";
import { topIndices, softmax } from "../running/probabilities.ts";
import { runRows } from "../running/run-rows.ts";
import { encodeText, textRow } from "../running/text-windows.ts";
import type { TokenRow } from "../running/token-row.ts";
import { integerOption } from "../running/integer-option.ts";
import type { Window } from "../running/windows.ts";
import type { TextTokenizer, TokenizedText } from "../tokenizer/text-tokenizer.ts";
import { fillMaskGraph } from "./fill-mask-graph.ts";

export interface FillMaskOptions extends RunOptions {
  /** Tokens for each mask. Default 5. */
  readonly topK?: number | undefined;
}

export interface MaskFilling {
  /** The token's id, as the vocabulary spells it, and as text. */
  readonly id: number;
  readonly token: string;
  readonly text: string;
  readonly score: number;
  /** The whole text with this token in place of this mask; other masks stay. */
  readonly filled: string;
}

export interface FilledMask {
  /** Where the mask stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** The best first. */
  readonly fillings: readonly MaskFilling[];
}

export interface MaskFiller extends PipelineHandle, OneOrMany<string, FillMaskOptions, readonly FilledMask[]> {
  /** What stands for a word to be filled in: `<mask>`. */
  readonly mask: string;
}

/**
 * Finds words for each mask of a text. Each mask of a text longer than the model is looked at in a window around it.
 * @throws LongspanError as `questionAnswering`; `inputs-invalid` for a tokenizer or a text without a mask.
 */
export async function fillMask(options: PipelineOptions): Promise<MaskFiller> {
  const model = await openModel(options, {
    pipeline: "fillMask",
    head: "masked-lm",
    graph: fillMaskGraph,
    check: (tokenizer) => [specialIds(tokenizer), maskOf(tokenizer)],
  });
  return Object.assign(
    oneOrMany<string, FillMaskOptions, readonly FilledMask[]>((texts, given) => fillAll(model, texts, given)),
    { ...model.handle, mask: model.tokenizer.tokenOf(maskOf(model.tokenizer)) ?? "" },
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

async function fillAll(
  model: OpenedModel,
  texts: readonly string[],
  options: FillMaskOptions = {},
): Promise<readonly (readonly FilledMask[])[]> {
  const topK = integerOption("topK", options.topK ?? pipelineDefaults.fillMask.topK, 1);
  const { tokenizer } = model;
  const documents = texts.map((text) => {
    const tokens = encodeText("text", text, tokenizer);
    const masks = masksIn(tokens, tokenizer);
    return { text, tokens, filled: new Array<FilledMask>(), masks };
  });
  const jobs = documents.flatMap((document) =>
    windowsOf(document.masks, document.tokens.ids.length, model.maxTokens - 2).map(({ window, masks }) => {
      const places = masks.map((mask) => mask - window.start + 1);
      return { document, masks, places, row: textRow(tokenizer, document.tokens, window, 0) };
    }),
  );
  const more = (some: readonly TokenRow[], first: number): SessionInputs => {
    const places = jobs.slice(first, first + some.length).map((job) => job.places);
    const most = Math.max(...places.map((list) => list.length));
    const data = new Int32Array(places.length * most);
    for (const [index, list] of places.entries()) data.set(list, index * most);
    return { mask_positions: { dataType: "int32", shape: [places.length, most], data } };
  };
  let next = 0;
  for await (const { logits } of runRows(
    model,
    jobs.map(({ row }) => row),
    { ...options, more },
  )) {
    const job = jobs[next++];
    if (job === undefined || logits === undefined) throw new TypeError("each mask has logits");
    const { text, tokens, filled } = job.document;
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
  }
  return documents.map(({ filled }) => filled);
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
