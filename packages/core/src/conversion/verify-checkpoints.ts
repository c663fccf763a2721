import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { ProgressListener } from "../accounting/progress.ts";
import { checkOptions, type OptionNames, wrongOption } from "../arguments/check-options.ts";
import { causeOf } from "../bytes/file-tracker.ts";
import { headName } from "../longformer/head-definition.ts";
import { checkTies } from "./check-ties.ts";
import { compareTensors, type TensorComparison } from "./compare-tensors.ts";

/** What comparing two checkpoints found. Differences are of values after exact widening to float64. */
export interface Verification {
  /** No value differs by more than the tolerance, and nothing is on one side only. */
  readonly equal: boolean;
  /** How many parameters both have. */
  readonly compared: number;
  /** How many elements differ in their bits (after exact widening, where the types differ), of all parameters. */
  readonly differing: number;
  /** The largest of all parameters'; Infinity where exactly one of a pair is not finite. */
  readonly maxAbsoluteDifference: number;
  /** The largest of all parameters', of the larger magnitude of each pair. */
  readonly maxRelativeDifference: number;
  /** Names outside both heads' use, with the reason: a pooler beside a question-answering head. */
  readonly ignored: readonly { readonly name: string; readonly reason: string }[];
  /** Canonical names of parameters that only the first has. */
  readonly onlyInA: readonly string[];
  /** Canonical names of parameters that only the second has. */
  readonly onlyInB: readonly string[];
  /** Each parameter that both have, in the order of the first one's. */
  readonly tensors: readonly TensorComparison[];
}

/** How two checkpoints are compared. */
export interface VerifyOptions {
  /** Largest absolute difference that counts as equal; default 0: the bits must be the same. */
  readonly tolerance?: number;
  /** Ends the comparison when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Told of bytes, tensor by tensor: stage `verify`. */
  readonly onProgress?: ProgressListener | undefined;
}

const optionNames: OptionNames<VerifyOptions> = { tolerance: true, signal: true, onProgress: true };

/**
 * Compares two checkpoints in canonical space, whatever their frameworks: names, orientation and, after exact widening, values.
 * @throws LongspanError when either is no complete Longformer, or contradicts itself (`weights-mismatch`: a tied copy with other values);
 * `source-changed` when a file of either was changed since it was opened.
 */
export async function verifyCheckpoints(a: Checkpoint, b: Checkpoint, options: VerifyOptions = {}): Promise<Verification> {
  checkOptions(options, optionNames, "converter.verify");
  const { tolerance = 0 } = options;
  if (typeof tolerance !== "number" || !(tolerance >= 0)) throw wrongOption("tolerance", tolerance, "a number, 0 or more");
  const checkUnchanged = async (): Promise<void> => {
    await a.checkUnchanged({ signal: options.signal });
    await b.checkUnchanged({ signal: options.signal });
  };
  try {
    const verification = await compareWeights(a, b, options);
    await checkUnchanged();
    return verification;
  } catch (error) {
    throw await causeOf(error, { checkUnchanged });
  }
}

async function compareWeights(a: Checkpoint, b: Checkpoint, options: VerifyOptions): Promise<Verification> {
  const weights = { a: a.weights(), b: b.weights() };
  await checkTies(a, options.signal);
  await checkTies(b, options.signal);
  const unused = (name: string): boolean => a.spec?.parameter(name)?.need === "unused" || b.spec?.parameter(name)?.need === "unused";
  const names = [...new Set([...weights.a.keys(), ...weights.b.keys()])];
  const compared = names.filter((name) => !unused(name) && weights.a.has(name) && weights.b.has(name));
  const total = compared.reduce((sum, name) => sum + (weights.a.get(name)?.byteLength ?? 0), 0);
  const tensors: TensorComparison[] = [];
  let done = 0;
  for (const name of compared) {
    const [one, other] = [weights.a.get(name), weights.b.get(name)];
    if (one === undefined || other === undefined) continue;
    tensors.push(await compareTensors(name, one, other, options.signal));
    done += one.byteLength;
    options.onProgress?.({ stage: "verify", item: name, done, total, unit: "bytes" });
  }
  const onlyInA = names.filter((name) => !unused(name) && !weights.b.has(name));
  const onlyInB = names.filter((name) => !unused(name) && !weights.a.has(name));
  const maxAbsoluteDifference = max(tensors.map((tensor) => tensor.maxAbsoluteDifference));
  const tolerance = options.tolerance ?? 0;
  const differing = tensors.reduce((sum, tensor) => sum + tensor.differing, 0);
  const withinTolerance = tolerance === 0 ? differing === 0 : maxAbsoluteDifference <= tolerance;
  return {
    equal: withinTolerance && onlyInA.length === 0 && onlyInB.length === 0,
    compared: tensors.length,
    differing,
    maxAbsoluteDifference,
    maxRelativeDifference: max(tensors.map((tensor) => tensor.maxRelativeDifference)),
    ignored: names
      .filter(unused)
      .map((name) => ({ name, reason: `no parameter that the head "${a.head === null ? "?" : headName(a.head)}" computes with` })),
    onlyInA,
    onlyInB,
    tensors,
  };
}

function max(values: readonly number[]): number {
  return values.reduce((best, value) => Math.max(best, value), 0);
}
