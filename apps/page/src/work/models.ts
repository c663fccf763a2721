import { type Checkpoint, type CheckpointInput, elementCount, LongspanError, openCheckpoint } from "@longspan/core";
import { answerAttention, questionAnswering, type AnswerAttentionReader, type QuestionAnswerer } from "@longspan/pipelines";
import type { LoadedModel, ModelRequest, Progress, Timing } from "../protocol/calls.ts";
import { placeKey } from "../protocol/model-place.ts";
import { adapters } from "./adapters.ts";
import { countedFiles } from "./counted-files.ts";
import { openPlace } from "./open-place.ts";
import { chooseRuntime, type ChosenRuntime } from "./runtimes.ts";

export interface StepOptions {
  readonly signal: AbortSignal;
  readonly report: (progress: Progress) => void;
}

interface ReadyModel {
  readonly key: string;
  readonly request: ModelRequest;
  readonly chosen: ChosenRuntime;
  readonly answerer: QuestionAnswerer;
  readonly facts: LoadedModel;
  readonly timings: readonly Timing[];
}

/** The one model that is loaded, and the one that tells what it looked at, while somebody wants to know. */
export interface Models {
  /** The model, loaded if it is not there already: one at a time, so that a second request never loads it twice. */
  ready(request: ModelRequest, options: StepOptions): Promise<ReadyModel>;
  /** Reads the weights a second time, with what gives attention probabilities. */
  attention(request: ModelRequest, options: StepOptions): Promise<AnswerAttentionReader>;
  /** Runs a step; where the GPU is lost in it, or there is no memory, the model goes, so that the next request begins anew. */
  keepingWhole<Result>(step: () => Promise<Result>): Promise<Result>;
  closeAttention(): Promise<void>;
  close(): Promise<void>;
}

export function createModels(): Models {
  let loaded: ReadyModel | undefined;
  let reader: { readonly key: string; readonly reader: AnswerAttentionReader } | undefined;

  async function closeAttention(): Promise<void> {
    const open = reader;
    reader = undefined;
    await open?.reader.dispose();
  }

  async function close(): Promise<void> {
    await closeAttention();
    const open = loaded;
    loaded = undefined;
    await open?.answerer.dispose();
  }

  async function ready(request: ModelRequest, options: StepOptions): Promise<ReadyModel> {
    const key = requestKey(request);
    if (loaded?.key === key) return loaded;
    await close();
    loaded = await load(key, request, options);
    return loaded;
  }

  async function attention(request: ModelRequest, options: StepOptions): Promise<AnswerAttentionReader> {
    const key = requestKey(request);
    if (reader?.key === key) return reader.reader;
    await closeAttention();
    const model = await ready(request, options);
    const { checkpoint, weightBytes } = await openForAnswers(request, options);
    try {
      const opened = await answerAttention({
        model: checkpoint.opened,
        runtime: model.chosen.runtime,
        ...preparing(checkpoint, weightBytes, options),
      });
      reader = { key, reader: opened };
      return opened;
    } finally {
      await checkpoint.opened.close();
    }
  }

  async function keepingWhole<Result>(step: () => Promise<Result>): Promise<Result> {
    try {
      return await step();
    } catch (error) {
      // What is lost cannot be freed any more: that it is tried may fail, too.
      if (LongspanError.isInstance(error) && (error.code === "device-lost" || error.code === "out-of-memory"))
        await close().catch(() => undefined);
      throw error;
    }
  }

  return { ready, attention, keepingWhole, closeAttention, close };
}

function requestKey({ place, runtime, precision }: ModelRequest): string {
  return `${runtime} ${precision} ${placeKey(place)}`;
}

async function load(key: string, request: ModelRequest, options: StepOptions): Promise<ReadyModel> {
  const started = performance.now();
  const { checkpoint, weightBytes } = await openForAnswers(request, options);
  try {
    const opened = performance.now();
    const chosen = await chooseRuntime(request.runtime, request.precision);
    const answerer = await questionAnswering({
      model: checkpoint.opened,
      runtime: chosen.runtime,
      ...preparing(checkpoint, weightBytes, options),
    }).catch((error: unknown) => {
      throw ofTokenizer(error);
    });
    const { config, spec } = checkpoint.opened;
    const parameters = checkpoint.opened.tensors
      .filter(({ role }) => role === "parameter")
      .reduce((sum, { tensor }) => sum + elementCount(tensor.shape), 0);
    const facts: LoadedModel = {
      name: checkpoint.opened.name,
      runtime: chosen.name,
      device: answerer.device,
      precision: chosen.precision,
      weightBytes: parameters * (chosen.precision === "float16" ? 2 : 4),
      parameters,
      maxTokens: config === null ? 0 : config.maxPositions - config.padTokenId - 1,
      layers: config?.layers ?? 0,
      heads: spec === null ? 0 : (config?.heads ?? 0),
    };
    const timings: readonly Timing[] = [
      { stage: "open", milliseconds: opened - started },
      { stage: "weights", milliseconds: performance.now() - opened },
    ];
    return { key, request, chosen, answerer, facts, timings };
  } finally {
    await checkpoint.opened.close();
  }
}

/** The checkpoint is open: what is not there now is its tokenizer. */
function ofTokenizer(error: unknown): unknown {
  if (!LongspanError.isInstance(error) || error.code !== "not-found") return error;
  return new LongspanError("not-found", error.message, { details: { ...error.details, missing: "tokenizer" }, cause: error });
}

/** A checkpoint whose reads are counted. */
interface CountedCheckpoint {
  readonly opened: Checkpoint;
  /** Calls `told` with the bytes read from now on. */
  readonly count: (told: (bytes: number) => void) => void;
}

async function openForAnswers(
  { place }: ModelRequest,
  { signal, report }: StepOptions,
): Promise<{ readonly checkpoint: CountedCheckpoint; readonly weightBytes: number }> {
  report({ stage: "open", item: "", done: 0, total: 0, unit: "steps" });
  const input = await openPlace(place, {
    signal,
    onProgress: ({ stage, item, done, total }) => {
      if (stage === "download") report({ stage, item, done, total, unit: "bytes" });
    },
  });
  let told: (bytes: number) => void = () => undefined;
  const counted: CheckpointInput = { ...input, files: countedFiles(input.files, (bytes) => told(bytes)) };
  const opened = await openWithHead(counted, signal);
  const weightBytes = opened.tensors.filter(({ role }) => role === "parameter").reduce((sum, { tensor }) => sum + tensor.byteLength, 0);
  return {
    checkpoint: {
      opened,
      count: (listener) => {
        told = listener;
      },
    },
    weightBytes,
  };
}

/** Names may fit several heads: then it is a question's. */
async function openWithHead(input: CheckpointInput, signal: AbortSignal): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(input, { adapters, signal });
  if (checkpoint.problem?.code !== "head-unknown") return checkpoint;
  await checkpoint.close();
  return openCheckpoint(input, { adapters, head: "question-answering", signal });
}

function preparing(
  { count }: CountedCheckpoint,
  total: number,
  { signal, report }: StepOptions,
): { readonly signal: AbortSignal; readonly onProgress: () => void } {
  let done = 0;
  const tell = (): void => report({ stage: "weights", item: "", done: Math.min(done, total), total, unit: "bytes" });
  count((bytes) => {
    done += bytes;
    tell();
  });
  return { signal, onProgress: tell };
}
