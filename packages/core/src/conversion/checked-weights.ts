import type { Checkpoint, CheckpointTensor, UnreadableParameter } from "../checkpoint/checkpoint.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { headName } from "../longformer/head-definition.ts";
import type { LongformerSpec, ParameterSpec } from "../longformer/spec.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import type { Weights } from "../tensor/weights.ts";
import { renameTensor } from "../tensor/strided-tensor.ts";
import { transposeTensor } from "../tensor/transpose-tensor.ts";
import { checkSizes } from "./check-sizes.ts";
import { nearestName } from "../text/nearest-name.ts";
import { sameValuesByStorage } from "./same-values.ts";

/** A tensor whose shape is not the one that configuration and head give its parameter. Shapes in elements. */
export interface WrongShape {
  /** In the file. */
  readonly name: string;
  /** The parameter it should be. */
  readonly canonicalName: string;
  /** As stored, and as the spec wants it in this orientation. */
  readonly found: readonly number[];
  /** In elements, as the spec wants it in this orientation. */
  readonly expected: readonly number[];
}

/** A checkpoint held against its spec. */
export interface WeightsCheck {
  readonly found: ReadonlyMap<string, CheckpointTensor>;
  /** Parameters the head computes with that are there but cannot be read: not among `missing`. */
  readonly unreadable: readonly UnreadableParameter[];
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly wrongShape: readonly WrongShape[];
  /** Alias tensors of the file, each with the parameter it must equal. */
  readonly aliases: readonly CheckpointTensor[];
}

/**
 * @throws LongspanError `problem`; `weights-mismatch` when two tensors of the file claim one parameter without being the same; what
 *   `checkSizes` throws
 */
export function checkWeights(checkpoint: Checkpoint): { spec: LongformerSpec; check: WeightsCheck } {
  if (checkpoint.problem !== undefined) throw checkpoint.problem;
  const { spec } = checkpoint;
  if (spec === null) throw new LongspanError("not-a-longformer", `${checkpoint.name} is no Longformer checkpoint.`);
  const found = new Map<string, CheckpointTensor>();
  for (const tensor of checkpoint.tensors) {
    if (tensor.role !== "parameter" || tensor.canonicalName === null) continue;
    const twin = found.get(tensor.canonicalName);
    if (twin !== undefined && !(sameValuesByStorage(twin.tensor, tensor.tensor) && twin.transposed === tensor.transposed)) {
      throw new LongspanError(
        "weights-mismatch",
        `${checkpoint.name}: "${twin.sourceName}" and "${tensor.sourceName}" are both the parameter "${tensor.canonicalName}", and they are not the same elements, read the same way. Which is right cannot be known; take one out.`,
        { details: { parameter: tensor.canonicalName, names: [twin.sourceName, tensor.sourceName] } },
      );
    }
    found.set(tensor.canonicalName, twin ?? tensor);
  }
  checkSizes(checkpoint.name, spec, found.values());
  const unexpected = checkpoint.tensors.filter(({ role }) => role === "unexpected").map(({ sourceName }) => sourceName);
  const absent = new Set(spec.parameters.filter(({ name, need }) => need === "required" && !found.has(name)).map(({ name }) => name));
  const unreadable = checkpoint.unreadable.filter(({ canonicalName }) => canonicalName !== null && absent.has(canonicalName));
  for (const { canonicalName } of unreadable) absent.delete(canonicalName ?? "");
  const check: WeightsCheck = {
    found,
    unreadable,
    missing: [...absent],
    unexpected,
    wrongShape: [...found].flatMap(([name, tensor]) => shapeMismatch(tensor, spec.parameter(name))),
    aliases: checkpoint.tensors.filter(({ role }) => role === "alias"),
  };
  return { spec, check };
}

function shapeMismatch(tensor: CheckpointTensor, parameter: ParameterSpec | undefined): WrongShape[] {
  if (parameter === undefined) return [];
  const expected = tensor.transposed ? parameter.shape.toReversed() : parameter.shape;
  const found = tensor.tensor.shape;
  if (found.length === expected.length && found.every((dimension, axis) => dimension === expected[axis])) return [];
  return [{ name: tensor.sourceName, canonicalName: parameter.name, found, expected }];
}

/**
 * The error that a check calls for, if any: parameters that cannot be read or are missing, or shapes that the configuration does not have.
 * Names up to ten of them.
 */
export function weightsProblem(checkpoint: Checkpoint, check: WeightsCheck): LongspanError | undefined {
  const { missing, wrongShape, unreadable } = check;
  if (unreadable.length > 0) {
    const shown = unreadable.slice(0, 10).map(({ sourceName, reason }) => `"${sourceName}": ${reason}`);
    return new LongspanError(
      "unsupported",
      `${checkpoint.name}: ${unreadable.length === 1 ? "a parameter is" : `${unreadable.length} parameters are`} there but cannot be read. ${shown.join(" ")}${more(unreadable.length)}`,
      { details: { unreadable: unreadable.map(({ sourceName, canonicalName }) => ({ name: sourceName, canonicalName })) } },
    );
  }
  if (wrongShape.length > 0) {
    const shown = wrongShape
      .slice(0, 10)
      .map(({ name, found, expected }) => `"${name}" has [${found.join(", ")}], expected [${expected.join(", ")}]`);
    return new LongspanError(
      "config-mismatch",
      `${checkpoint.name} disagrees with its configuration (${checkpoint.configOrigin ?? "unknown"}): ${shown.join("; ")}${more(wrongShape.length)}. ${hintOnShapes(checkpoint, wrongShape)}`,
      { details: { wrongShape } },
    );
  }
  const beyond = checkpoint.tensors.find(({ role, canonicalName }) => role === "unexpected" && canonicalName !== null);
  if (beyond !== undefined) {
    return new LongspanError(
      "config-mismatch",
      `${checkpoint.name} has "${beyond.sourceName}", but its configuration (${checkpoint.configOrigin ?? "unknown"}) describes ${checkpoint.config?.layers ?? "?"} layers. Give the configuration these weights were trained with (--config).`,
      { details: { tensor: beyond.sourceName } },
    );
  }
  if (missing.length === 0) return undefined;
  const shown = missing.slice(0, 10).map((name) => {
    const dropped = checkpoint.dropped.find((tensor) => tensor.name.endsWith(name));
    if (dropped !== undefined) return `"${name}" (the file's "${dropped.name}" was left out: ${dropped.reason})`;
    const nearest = nearestName(name, check.unexpected);
    return nearest === undefined ? `"${name}"` : `"${name}" (the file has "${nearest}")`;
  });
  return new LongspanError(
    "weights-mismatch",
    `${checkpoint.name} lacks ${missing.length} of the parameters of a Longformer with ${checkpoint.config?.layers ?? "?"} layers and the head "${shownHead(checkpoint.head)}": ${shown.join(", ")}${more(missing.length)}. ${hintOnMissing(checkpoint, check)}`,
    { details: { missing } },
  );
}

function hintOnShapes({ spec, head }: Checkpoint, wrongShape: readonly WrongShape[]): string {
  return wrongShape.every(({ canonicalName }) => spec?.parameter(canonicalName)?.part === "head")
    ? `If this is the head "${shownHead(head)}", give the configuration it was trained with (--config). If it only has that head's names, the trunk agrees: --head model takes it and leaves them out.`
    : "Give the configuration these weights were trained with (--config).";
}

function hintOnMissing({ spec, head }: Checkpoint, { missing }: WeightsCheck): string {
  const onlyHead = missing.every((name) => spec?.parameter(name)?.part === "head");
  return onlyHead
    ? `The trunk is whole: --head model takes it without a head, and another --head, if the model has one, says which. If it should have the head "${shownHead(head)}", the file is incomplete.`
    : "The file is incomplete (one shard of several?), or the configuration or --head is another model's.";
}

function more(count: number): string {
  return count > 10 ? ` and ${count - 10} more` : "";
}

/** The canonical weights of a checkpoint. See `Checkpoint.weights`. */
export function checkedWeights(checkpoint: Checkpoint): Weights {
  const { spec, check } = checkWeights(checkpoint);
  const problem = weightsProblem(checkpoint, check);
  if (problem !== undefined) throw problem;
  const weights = new Map<string, LazyTensor>();
  for (const { name } of spec.parameters) {
    const tensor = check.found.get(name);
    if (tensor !== undefined) weights.set(name, canonicalTensor(tensor, name));
  }
  return Object.assign(weights, { checkUnchanged: checkpoint.checkUnchanged });
}

/** A tensor of the file as the parameter of that name, in canonical orientation. */
export function canonicalTensor({ tensor, transposed }: CheckpointTensor, name: string): LazyTensor {
  return renameTensor(transposed ? transposeTensor(tensor) : tensor, name);
}

function shownHead(head: Checkpoint["head"]): string {
  return head === null ? "?" : headName(head);
}
