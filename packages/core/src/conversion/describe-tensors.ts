import type { EnvelopeContents, EnvelopeTensor } from "../adapter/envelope.ts";
import type { CheckpointTensor, Orientation, UnreadableParameter } from "../checkpoint/checkpoint.ts";
import { headRecords, heads, isHeadName } from "../longformer/head.ts";
import { headName } from "../longformer/head-definition.ts";
import type { LongformerSpec, ParameterSpec } from "../longformer/spec.ts";
import { isFloatingPoint } from "../tensor/data-type.ts";
import type { Reading } from "../rules/parse-layout.ts";
import type { LayoutMatch } from "./match-layout.ts";

type ParameterReading = Extract<Reading, { kind: "parameter" }>;
type AliasReading = Extract<Reading, { kind: "alias" }>;

/** What the file's names are, before its configuration is known. */
export interface CanonicalNames {
  /** Canonical names → canonical shapes. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Every canonical name that some tensor of the file could be, those that cannot be read among them. */
  readonly names: ReadonlySet<string>;
}

/** Names and shapes as far as the layout reads them. A tied name counts for the parameter it repeats where that is not in the file itself. */
export function canonicalNames(contents: EnvelopeContents, match: LayoutMatch, orientation: Orientation): CanonicalNames {
  const shapes = new Map<string, readonly number[]>();
  const tied = new Map<string, readonly number[]>();
  for (const [index, { tensor }] of contents.tensors.entries()) {
    for (const reading of match.readings[index] ?? []) {
      if (reading.kind === "drop") continue;
      const shape = isTransposed(reading, tensor.shape, orientation) ? tensor.shape.toReversed() : tensor.shape;
      (reading.kind === "parameter" ? shapes : tied).set(reading.canonicalName, shape);
    }
  }
  for (const [name, shape] of tied) if (!shapes.has(name)) shapes.set(name, shape);
  const unreadable = unreadableParameters(contents, match).flatMap(({ canonicalName }) => canonicalName ?? []);
  return { shapes, names: new Set([...shapes.keys(), ...unreadable]) };
}

/** What cannot be read, and the parameters it would be. */
export function unreadableParameters(contents: EnvelopeContents, match: LayoutMatch): UnreadableParameter[] {
  return (contents.unreadable ?? []).map(({ sourceName, reason }, index) => {
    const reading = match.readings[contents.tensors.length + index]?.find(({ kind }) => kind !== "drop");
    return { sourceName, canonicalName: reading === undefined || reading.kind === "drop" ? null : reading.canonicalName, reason };
  });
}

export interface DescribedTensors {
  readonly tensors: readonly CheckpointTensor[];
  readonly unreadable: readonly UnreadableParameter[];
  readonly notes: readonly string[];
}

/**
 * What each tensor of the file is in the model. A tied name whose parameter is not in the file itself stands for it: which of two tied
 * names a file keeps is up to what wrote it (`safetensors.torch.save_model` keeps either).
 */
export function describeTensors(
  contents: EnvelopeContents,
  match: LayoutMatch,
  spec: LongformerSpec | null,
  orientation: Orientation,
): DescribedTensors {
  const all = contents.tensors.map((entry, index) => describeTensor(entry, match.readings[index] ?? [], spec, orientation));
  const tensors = all.filter((tensor) => !isQuantised(tensor));
  const found = new Set(tensors.filter(({ role }) => role === "parameter").map(({ canonicalName }) => canonicalName));
  const notes: string[] = [];
  const completed = tensors.map((tensor): CheckpointTensor => {
    const { role, canonicalName, sourceName } = tensor;
    if (role !== "alias" || found.has(canonicalName)) return tensor;
    found.add(canonicalName);
    notes.push(`The file has no ${canonicalName} of its own: "${sourceName}" is taken for it (${tensor.reason ?? "tied"}).`);
    return { sourceName, tensor: tensor.tensor, canonicalName, transposed: tensor.transposed, role: "parameter" };
  });
  return { tensors: completed, unreadable: [...all.filter(isQuantised).map(quantised), ...unreadableParameters(contents, match)], notes };
}

/** No parameter of a Longformer is made of integers: where one is, its real values are these, a scale and perhaps a shift. */
function isQuantised({ role, tensor }: CheckpointTensor): boolean {
  return (role === "parameter" || role === "alias") && !isFloatingPoint(tensor.dataType);
}

function quantised({ sourceName, canonicalName, tensor }: CheckpointTensor): UnreadableParameter {
  const reason = `its elements are ${tensor.dataType}, so it is quantised, and nothing says how: save the model before quantising it, or dequantised.`;
  return { sourceName, canonicalName, reason };
}

function describeTensor(
  { sourceName, tensor }: EnvelopeTensor,
  readings: readonly Reading[],
  spec: LongformerSpec | null,
  orientation: Orientation,
): CheckpointTensor {
  const has = (name: string): boolean => spec === null || spec.parameter(name) !== undefined;
  const parameters = readings.filter((reading) => reading.kind === "parameter");
  // An untied decoder is a parameter of its own: that reading goes before the alias of the same name.
  const parameter = parameters.find((reading) => has(reading.canonicalName));
  if (parameter !== undefined) {
    const transposed = isTransposed(parameter, tensor.shape, orientation, spec?.parameter(parameter.canonicalName)?.role);
    return { sourceName, tensor, canonicalName: parameter.canonicalName, transposed, role: "parameter" };
  }
  const dropped = (reason: string): CheckpointTensor => ({
    sourceName,
    tensor,
    canonicalName: null,
    transposed: false,
    role: "dropped",
    reason,
  });
  const ofOtherHead = `not a parameter of the head "${headName(spec?.head ?? "model")}"`;
  const alias = readings.find((reading) => reading.kind === "alias" && has(reading.canonicalName));
  if (alias?.kind === "alias") {
    // Beside a trunk alone, an untied model's decoder is its head's, and no copy of anything.
    if (spec !== null && parameters.some((reading) => isParameterOfSomeHead(reading, spec))) return dropped(ofOtherHead);
    const transposed = isAliasTransposed(alias, tensor.shape, orientation, spec?.parameter(alias.canonicalName)?.shape);
    return { sourceName, tensor, canonicalName: alias.canonicalName, transposed, role: "alias", reason: alias.reason };
  }
  const drop = readings.find((reading) => reading.kind === "drop");
  if (drop !== undefined) return dropped(drop.reason);
  const [foreign] = parameters;
  if (foreign !== undefined && isHeadName(foreign.canonicalName)) return dropped(ofOtherHead);
  // A trunk parameter the configuration has no place for (a layer too many) keeps its name: see `weightsProblem`.
  return { sourceName, tensor, canonicalName: foreign?.canonicalName ?? null, transposed: false, role: "unexpected" };
}

/** Whether a model of this configuration has the parameter under another head. */
function isParameterOfSomeHead({ canonicalName }: ParameterReading, { config, labels }: LongformerSpec): boolean {
  return heads.some((head) => headRecords[head].parameters({ ...config, labels }).some(({ name }) => name === canonicalName));
}

/**
 * Transposed orientation concerns linear weights: every matrix but the tables, of which a head may have its own. A tied decoder is one, though it repeats
 * a table. `role`: the parameter's, where the specification is known.
 */
function isTransposed(
  reading: ParameterReading | AliasReading,
  shape: readonly number[],
  orientation: Orientation,
  role?: ParameterSpec["role"],
): boolean {
  if (shape.length !== 2) return false;
  const isTable = role === undefined ? reading.canonicalName.startsWith("embeddings.") : role === "embedding";
  const linear = reading.kind === "alias" ? reading.part === "head" : !isTable;
  return linear && orientation === "transposed" ? !reading.transpose : reading.transpose;
}

/** A copy's own shape tells how it lies, where it is not square: scripts that transpose "all linear weights" disagree about the tied one. */
function isAliasTransposed(
  reading: AliasReading,
  shape: readonly number[],
  orientation: Orientation,
  parameter: readonly number[] | undefined,
): boolean {
  const [rows, columns] = parameter ?? [];
  if (shape.length === 2 && parameter?.length === 2 && rows !== columns) {
    if (shape[0] === rows && shape[1] === columns) return false;
    if (shape[0] === columns && shape[1] === rows) return true;
  }
  return isTransposed(reading, shape, orientation);
}
