import type { OptionNames } from "@longspan/core/adapter";
import { type PipelineOptions, runOptionNames } from "../model/pipeline-options.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import { jobPipeline, type JobPipeline } from "../running/job-pipeline.ts";
import type { Prepare } from "../running/job.ts";
import { encodeText } from "../running/text-windows.ts";
import { windowRoom, type WindowOptions } from "../running/windows.ts";
import { cutText } from "./cut-text.ts";
import { openEmbedder, prepareVectors, promptTokens, readingLimit, type EmbedTextOptions, type OpenedEmbedder } from "./embed-text.ts";

/** How vectors are made, and how long chunks are. */
export interface EmbedChunksOptions extends Omit<EmbedTextOptions, "onUnread">, WindowOptions {}

/** A piece of a text as a vector. */
export interface TextChunk {
  /** In UTF-16 units of the text. */
  readonly start: number;
  /** Behind its last character, in UTF-16 units of the text. */
  readonly end: number;
  /** What `embedText` gives for this piece alone, float32 `[size]`. */
  readonly vector: Float32Array;
}

/** Turns texts into the vectors of their chunks: what `embedChunks` gives. It takes one text, or a list. */
export interface ChunkEmbedder extends JobPipeline<string, EmbedChunksOptions, readonly TextChunk[]> {}

/** All that a call may be told. */
const optionNames: OptionNames<EmbedChunksOptions> = {
  ...runOptionNames,
  pooling: true,
  normalize: true,
  prompt: true,
  promptName: true,
  windowTokens: true,
  strideTokens: true,
};

/**
 * Turns texts into vectors of their pieces, with the places of these, as a search within texts needs them. A text is cut between words into chunks of at most
 * `windowTokens` tokens (default: as many as are read at once), special tokens and the prompt included; neighbours share up to `strideTokens` (default 0).
 * @throws LongspanError as `embedText`; a call: `sequence-too-long` for a prompt that leaves no room, `argument-invalid`.
 */
export async function embedChunks(options: PipelineOptions): Promise<ChunkEmbedder> {
  const opened = await openEmbedder("embedChunks", options);
  return jobPipeline({
    model: opened.model,
    call: { name: "embedChunks", options: optionNames },
    prepare: (given) => prepareChunks(opened, given),
  });
}

function prepareChunks(opened: OpenedEmbedder, options: EmbedChunksOptions = {}): Prepare<string, readonly TextChunk[]> {
  const { model, sentences } = opened;
  const prepare = prepareVectors(model, sentences, options);
  const { room, overlap } = windowRoom(options, {
    besides: 2 + promptTokens(opened, options),
    maxTokens: readingLimit(model, sentences),
    defaultStride: pipelineDefaults.embedChunks.strideTokens,
    what: "The prompt, with 2 special tokens,",
  });
  return (text, index) => {
    encodeText("text", text, model.tokenizer);
    const chunks = cutText(text, model.tokenizer, room, overlap).map(({ start, end }) => ({
      start,
      end,
      job: prepare(text.slice(start, end), index),
    }));
    const owners = chunks.flatMap(({ job }) => job.rows.map(() => job));
    let next = 0;
    return {
      rows: chunks.flatMap(({ job }) => job.rows),
      add(outputs) {
        owners[next++]?.add(outputs);
      },
      result: () => chunks.map(({ start, end, job }): TextChunk => ({ start, end, vector: job.result() })),
    };
  };
}
