import { LongspanError } from "@longspan/core";
import { shownValue, type OptionNames } from "@longspan/core/adapter";
import { longformerGraph } from "@longspan/core/graph";
import { specialIds } from "../model/check-tokenizer.ts";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import { type PipelineOptions, type RunOptions, runOptionNames } from "../model/pipeline-options.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import { jobPipeline, type JobPipeline } from "../running/job-pipeline.ts";
import type { Prepare } from "../running/job.ts";
import { encodeText, textRow, textWindows } from "../running/text-windows.ts";
import type { Window } from "../running/windows.ts";
import type { TextTokenizer, TokenizedText } from "../tokenizer/text-tokenizer.ts";
import { pooledVector, unitVector } from "./pooled-vector.ts";
import { isPoolingMode, poolingModes, type PoolingMode } from "./pooling-mode.ts";
import { readSentenceModel, type SentenceModel } from "./sentence-model.ts";

/** How vectors are made. */
export interface EmbedTextOptions extends RunOptions {
  /**
   * How one vector is made of the tokens', special tokens included; several are joined. `mean`: their mean; `cls`: the first; `lasttoken`:
   * the last; `max`: the largest number in each place; `mean_sqrt_len_tokens`: the sum by the root of their count; `weightedmean`: the mean
   * with weights 1, 2, 3, …
   * Default: as the files of sentence-transformers around the model say, else mean.
   */
  readonly pooling?: PoolingMode | readonly PoolingMode[] | undefined;
  /** Divides each vector by its length, so that a dot product is the cosine. Default: as sentence-transformers' files say, else false. */
  readonly normalize?: boolean | undefined;
  /** Stands before each text. Default: that of `promptName`. */
  readonly prompt?: string | undefined;
  /** A prompt of the model's own (`prompts` in config_sentence_transformers.json). Default: the one that the model names, if it does. */
  readonly promptName?: string | undefined;
  /** Told of a text whose end was not read, since sentence-transformers' files set a limit. */
  readonly onUnread?: ((unread: { readonly text: number; readonly tokens: number; readonly limit: number }) => void) | undefined;
}

/** Turns texts into vectors, float32 `[size]` each: what `embedText` gives. It takes one text, or a list. */
export interface TextEmbedder extends JobPipeline<string, EmbedTextOptions, Float32Array> {}

/** All that a call may be told. */
const optionNames: OptionNames<EmbedTextOptions> = {
  ...runOptionNames,
  pooling: true,
  normalize: true,
  prompt: true,
  promptName: true,
  onUnread: true,
};

/**
 * Turns texts into vectors, by the trunk alone: any Longformer will do, whatever its head. No token is global, as in transformers where nothing is
 * said. A vector has `hidden_size` numbers for each way of pooling.
 *
 * In a folder of sentence-transformers (modules.json), vectors are those of its `encode`: pooled, normalized, cut and prompted as its files say. Else a
 * text longer than the model is read in windows that follow each other: the mean is over the tokens of all, the first token is that of
 * the first, the last one that of the last.
 * @throws LongspanError as `questionAnswering`; `malformed` for files of sentence-transformers that are none.
 */
export async function embedText(options: PipelineOptions): Promise<TextEmbedder> {
  const { model, sentences } = await openEmbedder("embedText", options);
  return jobPipeline({
    model,
    call: { name: "embedText", options: optionNames },
    prepare: (given) => prepareVectors(model, sentences, given),
  });
}

/** A model, and what the files around it say of vectors. */
export interface OpenedEmbedder {
  readonly model: OpenedModel;
  readonly sentences: Sentences;
}

export async function openEmbedder(pipeline: string, options: PipelineOptions): Promise<OpenedEmbedder> {
  let sentences: Sentences;
  const model = await openModel(options, {
    pipeline,
    head: undefined,
    graph: (config) => longformerGraph(config, "model", { pooler: false }),
    check: specialIds,
    async read(files) {
      sentences = await sentencesOf(() => readSentenceModel(files, options.signal));
    },
  });
  return { model, sentences };
}

/** What files of sentence-transformers say; an error where they say what is not computed, which matters only if nothing else is asked for. */
export type Sentences = SentenceModel | LongspanError | undefined;

async function sentencesOf(read: () => Promise<SentenceModel | undefined>): Promise<Sentences> {
  try {
    return await read();
  } catch (error) {
    if (LongspanError.isInstance(error) && error.code === "unsupported") return error;
    throw error;
  }
}

export function prepareVectors(model: OpenedModel, sentences: Sentences, options: EmbedTextOptions = {}): Prepare<string, Float32Array> {
  const modes = chosenModes(options.pooling, sentences);
  const said = LongspanError.isInstance(sentences) ? undefined : sentences;
  const { hiddenSize } = model.config;
  const prompt = chosenPrompt(options, said);
  const skipped = said?.includesPrompt === false && prompt !== "" ? 1 + model.tokenizer.encode(prompted(prompt, "", said)).ids.length : 0;
  const normalize = options.normalize ?? said?.normalize ?? pipelineDefaults.embedText.normalize;
  return (text, index) => {
    const tokens = encodeTextFor(model.tokenizer, prompt, text, said);
    const windows = windowsOf(model, tokens, said, (unread) => options.onUnread?.({ text: index, ...unread }));
    const rows = (modes.every((mode) => mode === "cls") ? windows.slice(0, 1) : windows).map((window) =>
      textRow(model.tokenizer, tokens, window, 0),
    );
    const pooled = pooledVector(modes, hiddenSize, skipped);
    let next = 0;
    return {
      rows,
      add({ last_hidden_state: hidden }) {
        const row = rows[next++];
        if (row === undefined || hidden === undefined) throw new TypeError("each window has hidden states");
        pooled.add(hidden, row.ids.length);
      },
      result() {
        const vector = pooled.result();
        return Float32Array.from(normalize ? unitVector(vector) : vector);
      },
    };
  };
}

/** @throws LongspanError `argument-invalid` for a way that is none; what the model's files call for, when nothing was asked for. */
function chosenModes(pooling: unknown, sentences: Sentences): readonly PoolingMode[] {
  if (pooling === undefined) {
    if (LongspanError.isInstance(sentences)) throw sentences;
    return sentences?.pooling ?? [pipelineDefaults.embedText.pooling];
  }
  const modes: readonly unknown[] = Array.isArray(pooling) ? pooling : [pooling];
  if (modes.length > 0 && modes.every((mode) => isPoolingMode(mode))) return modes;
  throw new LongspanError("argument-invalid", `pooling is ${shownValue(pooling)}; it is one or more of ${poolingModes.join(", ")}.`, {
    details: { option: "pooling", value: pooling },
  });
}

/** @throws LongspanError `argument-invalid` for the name of a prompt that the model does not have. */
function chosenPrompt({ prompt, promptName }: EmbedTextOptions, said: SentenceModel | undefined): string {
  if (prompt !== undefined) return prompt;
  const name = promptName ?? said?.defaultPrompt;
  if (name === undefined) return "";
  const found = said?.prompts.get(name);
  if (found !== undefined) return found;
  const names = said === undefined ? "none: no config_sentence_transformers.json lies around it" : [...said.prompts.keys()].join(", ");
  throw new LongspanError(
    "argument-invalid",
    `The model has no prompt ${JSON.stringify(name)}. It has ${names}. Or give its text (option prompt).`,
    {
      details: { option: "promptName", value: name },
    },
  );
}

function encodeTextFor(tokenizer: TextTokenizer, prompt: string, text: string, said: SentenceModel | undefined): TokenizedText {
  // A text that is none is told before a prompt stands before it.
  if (typeof text !== "string" || text.trim() === "") return encodeText("text", text, tokenizer);
  return encodeText("text", prompted(prompt, text, said), tokenizer);
}

function prompted(prompt: string, text: string, said: SentenceModel | undefined): string {
  const whole = prompt + text;
  // Each character by itself, as the normalizer of Hugging Face's library does it: no final sigma.
  return said?.lowerCase === true ? Array.from(whole, (character) => character.toLowerCase()).join("") : whole;
}

/** As far as sentence-transformers reads; else all of it. */
function windowsOf(
  model: OpenedModel,
  tokens: TokenizedText,
  said: SentenceModel | undefined,
  onUnread: (unread: { readonly tokens: number; readonly limit: number }) => void,
): readonly Window[] {
  const { maxTokens } = model;
  if (said === undefined) return textWindows(tokens, {}, { maxTokens, defaultStride: 0 });
  const limit = readingLimit(model, said);
  const [first] = textWindows(tokens, { windowTokens: limit }, { maxTokens, defaultStride: 0 });
  if (first === undefined) throw new TypeError("a text has a window");
  if (first.end < tokens.ids.length) onUnread({ tokens: tokens.ids.length - first.end, limit });
  return [first];
}

/** Tokens that are read of a text at once, special tokens included. */
export function readingLimit({ maxTokens }: OpenedModel, sentences: Sentences): number {
  return LongspanError.isInstance(sentences) ? maxTokens : Math.min(sentences?.maxTokens ?? maxTokens, maxTokens);
}

/** How many tokens of a window the prompt takes. @throws LongspanError `argument-invalid`. */
export function promptTokens({ model, sentences }: OpenedEmbedder, options: EmbedTextOptions): number {
  const said = LongspanError.isInstance(sentences) ? undefined : sentences;
  const prompt = chosenPrompt(options, said);
  return prompt === "" ? 0 : model.tokenizer.encode(prompted(prompt, "", said)).ids.length;
}
