import { checkCheckpoint } from "../arguments/check-checkpoint.ts";
import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { ProgressListener } from "../accounting/progress.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { checkpointModel, type CheckpointModel } from "./checkpoint-model.ts";
import type { WordInput } from "../longformer/graphs/longformer-inputs.ts";
import { prepareInputs } from "../longformer/prepare-inputs.ts";
import { sampleInputs, type SampleInputs } from "../longformer/sample-inputs.ts";
import type { DataType } from "../tensor/data-type.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Runtime } from "./runtime.ts";

/** What float32 sums of another order may differ by, for outputs of the usual size. */
export const forwardTolerance = 1e-5;

/** What computes, with which inputs, and how much outputs may differ. */
export interface CompareForwardOptions {
  /** Runs both, one after the other. */
  readonly runtime: Runtime;
  /** As for `prepare`. */
  readonly dataType?: DataType | undefined;
  /** Default: `sampleInputs` of the first checkpoint. */
  readonly inputs?: readonly SampleInputs[] | undefined;
  /** Also compares the embeddings and what each layer gives. */
  readonly layers?: boolean | undefined;
  /** Largest absolute difference that counts as equal. Default: `forwardTolerance`. */
  readonly tolerance?: number | undefined;
  /** Ends the comparison when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Told of the stages `prepare` and `run` of both. */
  readonly onProgress?: ProgressListener | undefined;
}

const optionNames: OptionNames<CompareForwardOptions> = {
  runtime: true,
  dataType: true,
  inputs: true,
  layers: true,
  tolerance: true,
  signal: true,
  onProgress: true,
};

/** What comparing one output found. */
export interface OutputComparison {
  /** Hugging Face's name: `logits`, `hidden_states.3`. */
  readonly name: string;
  /** In the first model. */
  readonly shape: readonly number[];
  /** Elements that differ by more than the tolerance. */
  readonly differing: number;
  /** Infinity when exactly one of a pair is not finite, or the shapes differ. */
  readonly maxAbsoluteDifference: number;
}

/** What comparing two models on the same inputs found. */
export interface SampleComparison {
  /** Name of the inputs. */
  readonly name: string;
  /** In the order in which they are computed: embeddings, layers, pooler and head. Empty when there is a problem. */
  readonly outputs: readonly OutputComparison[];
  /** One of the models takes these inputs and the other does not: a difference of their configurations. */
  readonly problem?: { readonly model: "a" | "b"; readonly code: string; readonly message: string };
}

/** Where two models first go apart. */
export interface Departure {
  /** Name of the inputs. */
  readonly sample: string;
  /** Name of the output, or of the hidden state with option `layers`. */
  readonly output: string;
  /** `embeddings`, `encoder.layer.N`, `pooler` or `head`; null when layers were not compared. */
  readonly part: string | null;
}

/** What comparing the outputs of two models found. */
export interface ForwardComparison {
  /** Every output of every sample is on both sides and within the tolerance. */
  readonly equal: boolean;
  /** The largest absolute difference that counted as equal. */
  readonly tolerance: number;
  /** Name of the runtime. */
  readonly runtime: string;
  /** For people: what computed. */
  readonly device: string;
  /** The largest of all outputs of all samples. */
  readonly maxAbsoluteDifference: number;
  /** The first output beyond the tolerance, in the order of computing; null when all are within. */
  readonly firstDeparture: Departure | null;
  /** Outputs of one model alone: the pooler of one, the layers of the deeper. */
  readonly onlyInA: readonly string[];
  /** Outputs of the second model alone. */
  readonly onlyInB: readonly string[];
  /** What came out, input by input. */
  readonly samples: readonly SampleComparison[];
}

/**
 * Runs two checkpoints on the same inputs and compares what they give. Each is run with its own configuration: a wrong number of heads, a
 * window, an epsilon, the numbering of positions or the head's separators show here, which no comparison of weights can see.
 * @throws LongspanError when either is no complete Longformer, its weights are not finite, or no model takes the inputs.
 */
export async function compareForward(a: Checkpoint, b: Checkpoint, options: CompareForwardOptions): Promise<ForwardComparison> {
  checkCheckpoint(a, "The first checkpoint to compare");
  checkCheckpoint(b, "The second checkpoint to compare");
  checkOptions(options, optionNames, "compareForward");
  const tolerance = options.tolerance ?? forwardTolerance;
  const { config, head } = checkpointModel(a);
  const samples = options.inputs ?? sampleInputs(config, head);
  const [one, other] = [await runSamples(a, samples, options), await runSamples(b, samples, options)];
  const compared = samples.map(({ name }, index): SampleComparison => {
    const [left, right] = [one.results[index] ?? {}, other.results[index] ?? {}];
    if (LongspanError.isInstance(left) || LongspanError.isInstance(right)) return { name, outputs: [], ...oneSided(left, right) };
    const common = Object.keys(left).filter((output) => right[output] !== undefined);
    return { name, outputs: common.map((output) => compareOutputs(output, left[output], right[output], tolerance)) };
  });
  const onlyInA = one.names.filter((name) => !other.names.includes(name));
  const onlyInB = other.names.filter((name) => !one.names.includes(name));
  const outputs = compared.flatMap((sample) => sample.outputs);
  return {
    equal:
      onlyInA.length === 0 &&
      onlyInB.length === 0 &&
      compared.every(({ problem }) => problem === undefined) &&
      outputs.every(({ differing }) => differing === 0),
    tolerance,
    runtime: options.runtime.name,
    device: one.device,
    maxAbsoluteDifference: outputs.reduce((largest, output) => Math.max(largest, output.maxAbsoluteDifference), 0),
    firstDeparture: firstDeparture(compared, one.names, options.layers === true),
    onlyInA,
    onlyInB,
    samples: compared,
  };
}

type Outputs = Readonly<Record<string, Tensor>>;

interface SampleResults {
  /** In the order in which they are computed. */
  readonly names: readonly string[];
  readonly device: string;
  /** For each sample what it gave, or why it was not taken. */
  readonly results: readonly (Outputs | LongspanError)[];
}

async function runSamples(
  checkpoint: Checkpoint,
  samples: readonly SampleInputs[],
  options: CompareForwardOptions,
): Promise<SampleResults> {
  const results: (Outputs | LongspanError)[] = [];
  let [names, device]: [readonly string[], string] = [[], ""];
  for (const words of ["input_ids", "inputs_embeds"] as const) {
    const chosen = [...samples.entries()].filter(([, { inputs }]) => wordsOf(inputs) === words);
    if (chosen.length === 0) continue;
    const model = checkpointModel(checkpoint, { words, hiddenStates: options.layers });
    const { runtime, dataType, signal, onProgress } = options;
    const session = await runtime.prepare(model.graph, model.weights, { dataType, signal, onProgress });
    try {
      ({ device } = session);
      names = inOrder(model.graph.outputs.map(({ name }) => name));
      for (const [index, { inputs }] of chosen) {
        results[index] = await takenOrRefused(model, inputs, async (prepared) => session.run(prepared, { signal, onProgress }));
      }
    } finally {
      await session.dispose();
    }
  }
  return { names, device, results: results.map((result) => (LongspanError.isInstance(result) ? result : ordered(result, names))) };
}

function wordsOf(inputs: SampleInputs["inputs"]): WordInput {
  return inputs.inputs_embeds === undefined ? "input_ids" : "inputs_embeds";
}

/** What says that a model does not take these inputs, and nothing of the model itself. */
const refusals: ReadonlySet<string> = new Set(["inputs-invalid", "id-out-of-range", "separators-mismatch", "sequence-too-long"]);

async function takenOrRefused(
  { config, head }: CheckpointModel,
  inputs: SampleInputs["inputs"],
  run: (prepared: Outputs) => Promise<Outputs>,
): Promise<Outputs | LongspanError> {
  try {
    return await run(prepareInputs(config, head, inputs));
  } catch (error) {
    if (LongspanError.isInstance(error) && refusals.has(error.code)) return error;
    throw error;
  }
}

/** @throws LongspanError the first model's refusal, when both refuse: then the inputs are at fault. */
function oneSided(left: Outputs | LongspanError, right: Outputs | LongspanError): Pick<SampleComparison, "problem"> {
  const [a, b] = [left, right].map((result) => (LongspanError.isInstance(result) ? result : undefined));
  if (a !== undefined && b !== undefined) throw a;
  const refused = a ?? b;
  if (refused === undefined) return {};
  return { problem: { model: a === undefined ? "b" : "a", code: refused.code, message: refused.message } };
}

/** Embeddings and layers by their number, then what is made of the last. */
function inOrder(names: readonly string[]): readonly string[] {
  return [...names.filter((name) => layerNumber(name) !== undefined), ...names.filter((name) => layerNumber(name) === undefined)];
}

function layerNumber(name: string): number | undefined {
  const found = /^hidden_states\.(\d+)$/.exec(name)?.[1];
  return found === undefined ? undefined : Number(found);
}

function ordered(outputs: Outputs, names: readonly string[]): Outputs {
  return Object.fromEntries(
    names.flatMap((name) => {
      const tensor = outputs[name];
      return tensor === undefined ? [] : [[name, tensor] as const];
    }),
  );
}

function compareOutputs(name: string, left: Tensor | undefined, right: Tensor | undefined, tolerance: number): OutputComparison {
  const shape = left?.shape ?? [];
  const elements = left?.data.length ?? 0;
  if (String(shape) !== String(right?.shape)) return { name, shape, differing: elements, maxAbsoluteDifference: Number.POSITIVE_INFINITY };
  let [differing, maxAbsoluteDifference] = [0, 0];
  for (let index = 0; index < elements; index++) {
    const [one, other] = [Number(left?.data[index]), Number(right?.data[index])];
    const found = Object.is(one, other) ? 0 : Math.abs(one - other);
    const difference = Number.isNaN(found) ? Number.POSITIVE_INFINITY : found;
    if (difference > tolerance) differing++;
    maxAbsoluteDifference = Math.max(maxAbsoluteDifference, difference);
  }
  return { name, shape, differing, maxAbsoluteDifference };
}

function firstDeparture(samples: readonly SampleComparison[], names: readonly string[], layers: boolean): Departure | null {
  for (const output of names) {
    const sample = samples.find(({ outputs }) => outputs.some(({ name, differing }) => name === output && differing > 0));
    if (sample !== undefined) return { sample: sample.name, output, part: layers ? partOf(output) : null };
  }
  return null;
}

/** Which part of the model an output comes from, everything before it being compared as well. */
function partOf(output: string): string {
  const layer = layerNumber(output);
  if (layer !== undefined) return layer === 0 ? "embeddings" : `encoder.layer.${layer - 1}`;
  return output === "pooler_output" ? "pooler" : "head";
}
