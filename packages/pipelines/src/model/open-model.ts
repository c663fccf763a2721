import { type Checkpoint, type FileSet, type Head, headName, type LongformerConfig, LongspanError, openCheckpoint } from "@longspan/core";
import { causeOf, checkTies, fileTracker, throwIfAborted } from "@longspan/core/adapter";
import type { Graph } from "@longspan/core/graph";
import type { Session } from "@longspan/core/runtime";
import { callsUnderWay, type CallsUnderWay } from "./calls-under-way.ts";
import { loadTokenizer } from "../tokenizer/load-tokenizer.ts";
import type { TextTokenizer } from "../tokenizer/text-tokenizer.ts";
import { checkOptions } from "./check-options.ts";
import { checkTokenizer } from "./check-tokenizer.ts";
import { isCheckpoint, placeOf } from "./model-source.ts";
import type { PipelineHandle, PipelineOptions } from "./pipeline-options.ts";

/** What a pipeline asks of a model. */
export interface ModelNeeds {
  /** For messages: `questionAnswering`. */
  readonly pipeline: string;
  /** The head that is run; undefined where any trunk will do. */
  readonly head: Head | undefined;
  /** The graph to run. `labels` is the number of rows the checkpoint's classifier has. */
  readonly graph: (config: LongformerConfig, labels: number) => Graph;
  /** Throws for a tokenizer or a configuration the pipeline cannot work with, before the weights are read. */
  readonly check: (tokenizer: TextTokenizer, config: LongformerConfig) => unknown;
  /** Reads what the pipeline wants of the files beside the weights, before these are read. */
  readonly read?: (files: FileSet) => Promise<void>;
}

/** A model that is ready to run, with its tokenizer. */
export interface OpenedModel {
  /** The model's sizes. */
  readonly config: LongformerConfig;
  /** The head that is run. */
  readonly head: Head;
  /** How many labels the head tells apart; 0 for a head without labels. */
  readonly labels: number;
  /** Makes tokens of texts. */
  readonly tokenizer: TextTokenizer;
  /** Runs the head's graph. */
  readonly session: Session;
  /** See `CallsUnderWay`. */
  readonly begin: CallsUnderWay["begin"];
  /** Tokens a row may have: what the table of positions has room for, and no more than the tokenizer is made for. */
  readonly maxTokens: number;
  /** What the pipeline shows of it. */
  readonly handle: PipelineHandle;
}

/** Which pipeline runs which head, for messages. */
const pipelineOf: Readonly<Record<Head, string | undefined>> = {
  "question-answering": "questionAnswering",
  "masked-lm": "fillMask",
  "sequence-classification": "classifyText",
  "token-classification": "classifyTokens",
  "multiple-choice": undefined,
  model: "embedText",
};

/**
 * Opens a checkpoint and its tokenizer, and prepares the runtime. What was opened here is closed again: the weights are the runtime's then.
 * @throws LongspanError `argument-invalid` without a runtime; `head-unknown` for a head the checkpoint does not have; `id-out-of-range` for a tokenizer that is not the model's;
 * what opening and preparing throw.
 */
export async function openModel(options: PipelineOptions, needs: ModelNeeds): Promise<OpenedModel> {
  checkOptions(options, needs.pipeline);
  const { signal, onProgress } = options;
  throwIfAborted(signal);
  const source = options.model;
  if (needs.head !== undefined && options.head !== undefined && options.head !== needs.head) {
    throw new LongspanError("argument-invalid", `${needs.pipeline} runs the head ${needs.head}; option head says ${options.head}.`, {
      details: { head: options.head, needed: needs.head },
    });
  }
  const given = typeof source === "object" && isCheckpoint(source) ? source : undefined;
  const checkpoint = given ?? (await open(options, needs));
  try {
    onProgress?.({ stage: "open", item: checkpoint.name, done: 1, total: 1, unit: "steps" });
    checkHead(checkpoint, needs);
    const weights = checkpoint.weights();
    await checkTies(checkpoint, signal);
    const { config, spec } = checkpoint;
    if (config === null || spec === null)
      throw new TypeError("a checkpoint whose weights are known has a configuration and a specification");
    const tokenizer = await openTokenizer(options, checkpoint);
    checkTokenizer(tokenizer, config);
    needs.check(tokenizer, config);
    await needs.read?.(checkpoint.files);
    onProgress?.({ stage: "tokenizer", item: tokenizer.name, done: 1, total: 1, unit: "steps" });
    throwIfAborted(signal);
    const { labels } = spec;
    const { runtime, dataType, profile } = options;
    const session = await runtime.prepare(needs.graph(config, labels), weights, { signal, onProgress, dataType, profile });
    const { begin, dispose } = callsUnderWay(checkpoint.name, () => session.dispose());
    return {
      config,
      head: needs.head ?? "model",
      labels,
      tokenizer,
      session,
      begin,
      maxTokens: Math.min(config.maxPositions - config.padTokenId - 1, tokenizer.maxTokens ?? Infinity),
      handle: {
        model: checkpoint.name,
        runtime: runtime.name,
        device: session.device,
        ...(session.profile === undefined ? {} : { profile: session.profile }),
        dispose,
        [Symbol.asyncDispose]: dispose,
      },
    };
  } catch (error) {
    throw await causeOf(error, checkpoint);
  } finally {
    if (given === undefined) await checkpoint.close();
  }
}

async function open(options: PipelineOptions, needs: ModelNeeds): Promise<Checkpoint> {
  const { model, adapters = [], config, window, head, limits, adapterConfig, adapterName, signal } = options;
  if (typeof model === "object" && isCheckpoint(model)) return model;
  const { onProgress } = options;
  const place = await placeOf(model, { signal, onProgress });
  const base = options.base === undefined ? undefined : await placeOf(options.base, { signal, onProgress });
  const attempt = async (asked: Head | undefined): Promise<Checkpoint> =>
    openCheckpoint(place, { adapters, config, window, head: asked, base, adapterConfig, adapterName, limits, signal });
  const checkpoint = await attempt(head);
  if (head !== undefined || needs.head === undefined || !fitsHead(checkpoint, needs.head)) return checkpoint;
  // Names that fit several heads: the pipeline says which is meant, and the weights are checked against it.
  await checkpoint.close();
  return attempt(needs.head);
}

function fitsHead({ problem }: Checkpoint, head: Head): boolean {
  const candidates: unknown = problem?.code === "head-unknown" ? problem.details.candidates : undefined;
  return Array.isArray(candidates) && candidates.includes(head);
}

function checkHead(checkpoint: Checkpoint, { head: needed, pipeline }: ModelNeeds): void {
  if (checkpoint.problem !== undefined) throw checkpoint.problem;
  const { head } = checkpoint;
  if (head !== null && (needed === undefined || head === needed)) return;
  const found = head === null || head === "model" ? "no head" : `the head ${headName(head)}`;
  const other = typeof head === "string" ? pipelineOf[head] : undefined;
  throw new LongspanError(
    "head-unknown",
    `${checkpoint.name} has ${found}; ${pipeline} needs ${needed ?? "a Longformer"}. Give a checkpoint that was trained for it${other === undefined ? "" : `, or run this one with ${other}`}.`,
    { details: { model: checkpoint.name, head: head === null ? null : headName(head), needed } },
  );
}

async function openTokenizer({ tokenizer, signal, onProgress }: PipelineOptions, checkpoint: Checkpoint): Promise<TextTokenizer> {
  if (tokenizer === undefined) return loadTokenizer(checkpoint.files, { signal });
  if (typeof tokenizer === "object" && "encode" in tokenizer) return tokenizer;
  const { files } = await placeOf(tokenizer, { signal, onProgress });
  const tracker = fileTracker();
  const loaded = await loadTokenizer(tracker.track(files), { signal });
  await tracker.checkUnchanged({ signal });
  return loaded;
}
