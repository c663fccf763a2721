import { longformerGraph, LongspanError } from "@longspan/core";
import { specialIds } from "../model/check-tokenizer.ts";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import type { PipelineHandle, PipelineOptions, RunOptions } from "../model/pipeline-options.ts";
import { oneOrMany, type OneOrMany } from "../running/one-or-many.ts";
import { runRows } from "../running/run-rows.ts";
import { encodeText, textRow, textWindows } from "../running/text-windows.ts";

export interface EmbedTextOptions extends RunOptions {
  /** `mean`: the mean of all tokens' vectors, special tokens included. `cls`: the first token's vector. Default mean. */
  readonly pooling?: "mean" | "cls" | undefined;
  /** Divides each vector by its length, so that a dot product is the cosine. Default false. */
  readonly normalize?: boolean | undefined;
}

export interface TextEmbedder extends PipelineHandle, OneOrMany<string, EmbedTextOptions, Float32Array> {}

/**
 * Turns texts into vectors of `hidden_size` numbers, by the trunk alone: any Longformer will do, whatever its head. A text longer than
 * the model is read in windows that follow each other: the mean is over the tokens of all, the first token is that of the first.
 * No token is global, as in transformers where nothing is said.
 * @throws LongspanError as `questionAnswering`.
 */
export async function embedText(options: PipelineOptions): Promise<TextEmbedder> {
  const model = await openModel(options, {
    pipeline: "embedText",
    head: undefined,
    graph: (config) => longformerGraph(config, "model", { pooler: false }),
    check: specialIds,
  });
  return Object.assign(
    oneOrMany<string, EmbedTextOptions, Float32Array>((texts, given) => embedAll(model, texts, given)),
    model.handle,
  );
}

async function embedAll(model: OpenedModel, texts: readonly string[], options: EmbedTextOptions = {}): Promise<readonly Float32Array[]> {
  const pooling: unknown = options.pooling ?? pipelineDefaults.embedText.pooling;
  if (pooling !== "mean" && pooling !== "cls") {
    throw new LongspanError("argument-invalid", `pooling is ${JSON.stringify(pooling)}; it is mean or cls.`, {
      details: { option: "pooling", value: pooling },
    });
  }
  const { hiddenSize } = model.config;
  const documents = texts.map((text) => {
    const tokens = encodeText("text", text, model.tokenizer);
    const all = textWindows(tokens, {}, { mostTokens: model.mostTokens, defaultStride: 0 });
    return { tokens, windows: pooling === "cls" ? all.slice(0, 1) : all, sum: new Float64Array(hiddenSize), count: 0 };
  });
  const jobs = documents.flatMap((document) =>
    document.windows.map((window) => ({ document, row: textRow(model.tokenizer, document.tokens, window, 0) })),
  );
  let next = 0;
  for await (const { last_hidden_state: hidden } of runRows(
    model,
    jobs.map(({ row }) => row),
    options,
  )) {
    const job = jobs[next++];
    if (job === undefined || hidden === undefined) throw new TypeError("each window has hidden states");
    const count = pooling === "cls" ? 1 : job.row.ids.length;
    for (let index = 0; index < count * hiddenSize; index++) {
      const axis = index % hiddenSize;
      job.document.sum[axis] = (job.document.sum[axis] ?? 0) + (hidden[index] ?? 0);
    }
    job.document.count += count;
  }
  return documents.map(({ sum, count }) => {
    const length = (options.normalize ?? pipelineDefaults.embedText.normalize) ? Math.hypot(...sum) : count;
    return Float32Array.from(sum, (value) => value / (length === 0 ? 1 : length));
  });
}
