import { LongspanError } from "@longspan/core";
import { longformerGraph } from "@longspan/core/graph";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import type { PipelineHandle, PipelineOptions, RunOptions } from "../model/pipeline-options.ts";
import { joinRule, questionWindows, type JoinRule, type QuestionWindow } from "../question-answering/question-windows.ts";
import type { QuestionAndContext } from "../question-answering/types.ts";
import { integerOption } from "../running/number-option.ts";
import { runTogether } from "../running/run-rows.ts";
import type { WindowOptions } from "../running/windows.ts";
import type { TokenizedText } from "../tokenizer/text-tokenizer.ts";
import { answerRows, globalRows } from "./answer-rows.ts";

/** A question, its document, and a piece of it: what `questionAnswering` gave. */
export interface AnswerInContext extends QuestionAndContext {
  /** In UTF-16 units of the context. */
  readonly start: number;
  /** Behind the answer's last character, in UTF-16 units of the context. */
  readonly end: number;
}

/** Which layer, and how a long context is cut: as `questionAnswering` was told. */
export interface AnswerAttentionOptions extends Pick<RunOptions, "signal" | "onProgress">, WindowOptions {
  /** Counted from 0. Default: the last one. */
  readonly layer?: number | undefined;
  /** Whose attention: that of the answer's tokens (the default), or of the global tokens, which see all of the window. */
  readonly of?: "answer" | "globals" | undefined;
}

/** A token of the row that the model read. */
export interface ReadToken {
  /** As the text has it; special tokens as the vocabulary spells them. */
  readonly text: string;
  /** Where it stands in the context, in UTF-16 units; undefined for the question's tokens and for special ones. */
  readonly start?: number | undefined;
  /** Behind its last character, in UTF-16 units; undefined where `start` is. */
  readonly end?: number | undefined;
}

/** What the tokens of an answer, or the global ones, looked at in one layer. */
export interface AnswerAttention {
  /** Which was looked at, counted from 0. */
  readonly layer: number;
  /** How many the layer has. */
  readonly heads: number;
  /** The layer's window, both sides together. */
  readonly window: number;
  /** Those who look: the answer's tokens, or the global ones. */
  readonly rows: readonly ReadToken[];
  /** The global tokens: `<s>` and the question, for most models. */
  readonly globals: readonly ReadToken[];
  /**
   * Of an answer: the tokens around it, from the first that its first token can see to the last that its last one can. Of global tokens: all
   * others that the model read with them.
   */
  readonly around: readonly ReadToken[];
  /**
   * `[heads, rows, globals + around]`, float32: the probabilities with which each token of `rows` takes values of the others; each row sums
   * to 1. 0 for what a token cannot see, and among `around` for global tokens, which count once.
   */
  readonly probabilities: Float32Array;
}

/** Gives attention probabilities, one answer at a time. */
export interface AnswerAttentionReader extends PipelineHandle {
  /** How many layers there are. */
  readonly layers: number;
  (input: AnswerInContext, options?: AnswerAttentionOptions): Promise<AnswerAttention>;
}

/**
 * What an answer's tokens looked at, or the global ones: the model's own attention probabilities (of `longformerAttention`; transformers'
 * `attentions` and `global_attentions`), of the window of the document in which the answer has most text on both sides. It reads the weights for itself: dispose it
 * when it has told what you wanted to know. One layer's probabilities are `heads × tokens × (globals + window + 1)` floats; of the global
 * tokens, `heads × tokens × globals`.
 * @throws LongspanError what `questionAnswering` throws; `operation-unsupported` for a runtime that gives no probabilities. A call:
 * `inputs-invalid` for a piece that holds no token, `argument-invalid` for a layer that is not there, `sequence-too-long`, `aborted`, `closed`.
 */
export async function answerAttention(options: PipelineOptions): Promise<AnswerAttentionReader> {
  const model = await openModel(options, {
    pipeline: "answerAttention",
    head: "question-answering",
    graph: (config) => longformerGraph(config, "question-answering", { attentions: true }),
    check: joinRule,
  });
  const rule = joinRule(model.tokenizer, model.config);
  return Object.assign((input: AnswerInContext, given?: AnswerAttentionOptions) => attentionOf(model, rule, input, given), {
    ...model.handle,
    layers: model.config.layers,
  });
}

async function attentionOf(
  model: OpenedModel,
  rule: JoinRule,
  input: AnswerInContext,
  options: AnswerAttentionOptions = {},
): Promise<AnswerAttention> {
  const { config, tokenizer } = model;
  const layer = integerOption("layer", options.layer ?? config.layers - 1, 0);
  if (layer >= config.layers) {
    throw new LongspanError("argument-invalid", `There is no layer ${layer}: the model has ${config.layers}, counted from 0.`, {
      details: { option: "layer", value: layer, limit: config.layers - 1 },
    });
  }
  const { of = "answer" } = options;
  if (of !== "answer" && of !== "globals") {
    throw new LongspanError("argument-invalid", `of is ${JSON.stringify(of)}; it is "answer" or "globals".`, {
      details: { option: "of", value: of },
    });
  }
  const { windows, tokens } = questionWindows(input, tokenizer, rule, { ...options, maxTokens: model.maxTokens });
  const found = windowOf(input, windows, tokens);
  const globally = of === "globals";
  const name = `${globally ? "global_attentions" : "attentions"}.${layer}`;
  const end = model.begin();
  try {
    const { outputsOf } = await runTogether(model, [found.window.row], {
      signal: options.signal,
      onProgress: options.onProgress,
      outputs: [name],
    });
    const attentions = outputsOf(0)[name];
    if (attentions === undefined) throw new TypeError("a row has the output that was asked for");
    const window = config.attentionWindow[layer] ?? 0;
    const sizes = { heads: config.heads, length: found.window.row.ids.length, globals: found.window.row.globals, window };
    const { from, to, probabilities } = globally ? globalRows(attentions, sizes) : answerRows(attentions, sizes, found.first, found.last);
    const token = (place: number): ReadToken =>
      readToken(place, found.window, { tokens, text: input.context, spelling: tokenizer.tokenOf });
    const list = (first: number, last: number): readonly ReadToken[] =>
      Array.from({ length: last - first }, (_, index) => token(first + index));
    return {
      layer,
      heads: config.heads,
      window,
      rows: globally ? list(0, sizes.globals) : list(found.first, found.last + 1),
      globals: list(0, sizes.globals),
      around: list(from, to),
      probabilities,
    };
  } finally {
    end();
  }
}

interface AnswerPlace {
  readonly window: QuestionWindow;
  /** The answer's first and last token, in the window's row. */
  readonly first: number;
  readonly last: number;
}

function windowOf({ start, end }: AnswerInContext, windows: readonly QuestionWindow[], { starts, ends }: TokenizedText): AnswerPlace {
  const first = ends.findIndex((tokenEnd) => tokenEnd > start);
  const last = starts.findLastIndex((tokenStart) => tokenStart < end);
  if (!(start < end) || first < 0 || last < first) {
    throw new LongspanError("inputs-invalid", `From ${start} to ${end} there is no token of the document.`, { details: { start, end } });
  }
  // The least text that the answer has on one side of it in the window: below 0 where the window does not hold all of it.
  const margin = (window: QuestionWindow): number => Math.min(first - window.first, window.first + window.count - 1 - last);
  const window = windows.reduce((best, other) => (margin(other) > margin(best) ? other : best));
  if (margin(window) < 0) {
    throw new LongspanError(
      "inputs-invalid",
      `From ${start} to ${end} are more tokens than the model reads at once. Give a shorter piece.`,
      {
        details: { start, end },
      },
    );
  }
  const shift = window.at - window.first;
  return { window, first: first + shift, last: last + shift };
}

interface Spelling {
  readonly tokens: TokenizedText;
  readonly text: string;
  readonly spelling: (id: number) => string | undefined;
}

function readToken(place: number, { row, at, first, count }: QuestionWindow, { tokens, text, spelling }: Spelling): ReadToken {
  const index = place - at + first;
  if (place < at || place >= at + count) return { text: spelling(row.ids[place] ?? 0) ?? "" };
  const [start = 0, end = 0] = [tokens.starts[index], tokens.ends[index]];
  return { text: text.slice(start, end), start, end };
}
