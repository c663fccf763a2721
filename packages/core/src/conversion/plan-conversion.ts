import type { Layout } from "../adapter/layout.ts";
import type { Target } from "../adapter/target.ts";
import type { Checkpoint, CheckpointTensor } from "../checkpoint/checkpoint.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { headName } from "../longformer/head-definition.ts";
import { compileLayout, type WrittenParameter } from "../rules/compile-layout.ts";
import { castTensor } from "../tensor/cast-tensor.ts";
import { isFloatingPoint, type DataType } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { renameTensor } from "../tensor/strided-tensor.ts";
import { transposeTensor } from "../tensor/transpose-tensor.ts";
import { checkWeights, weightsProblem, type WeightsCheck } from "./checked-weights.ts";
import type { ConversionPlan, ConversionStep } from "./conversion-plan.ts";
import { huggingFaceConfig } from "./huggingface-config.ts";
import { nearestName } from "../text/nearest-name.ts";

export interface PlanOptions {
  readonly target: Target;
  /** Names and axes to write, instead of the target's own. */
  readonly layout?: Layout | undefined;
  /** Float type to write, instead of the source's. Other types stay. */
  readonly dataType?: DataType | undefined;
}

/**
 * What converting would do. Never writes and never reads values. What makes the conversion impossible is in `problem` and in the
 * lists, so that a dry run can show all of it.
 * @throws LongspanError the checkpoint's own `problem`; `layout-invalid`; `data-type-mismatch` for a type the target cannot hold.
 */
export function planConversion(source: Checkpoint, options: PlanOptions): ConversionPlan {
  const { target } = options;
  const { spec, check } = checkWeights(source);
  const problem = weightsProblem(source, check);
  const layout = compileLayout(options.layout ?? target.layout, spec);
  const wrong = new Set(check.wrongShape.map(({ canonicalName }) => canonicalName));
  const kept = layout.parameters.filter(({ parameter }) => parameter.need !== "unused" || target.keepsUnused === true);
  const steps = kept.flatMap((written) => {
    const tensor = check.found.get(written.parameter.name);
    return tensor === undefined || wrong.has(written.parameter.name) ? [] : [step(tensor, written, options)];
  });
  const warnings = [...source.warnings];
  const sameLayout =
    steps.length > 0 && steps.every((one) => one.source === one.target && !one.transposed && one.sourceDataType === one.targetDataType);
  // Values that are computed (an adapter that is merged) do not lie in the file.
  const asStored = [...check.found.values()].every(({ tensor }) => tensor.storage.bytes !== undefined);
  const alreadyConverted = sameLayout && asStored && source.container === target.container;
  if (alreadyConverted)
    warnings.push(`${source.name} already is in the layout "${layout.layout.name}": names, axes and values stay as they are.`);
  const optional = layout.parameters.filter(({ parameter }) => parameter.need === "optional" && !check.found.has(parameter.name));
  if (optional.length > 0)
    warnings.push(
      `The source has no ${optional.map(({ parameter }) => parameter.name).join(", ")}: none is invented, and frameworks that expect it will say it is missing.`,
    );
  if (check.unexpected.length > 0)
    warnings.push(`${check.unexpected.length} tensors of the file are no parameters of this model and are left out.`);
  return {
    source,
    target,
    spec,
    layout,
    steps,
    dropped: [...source.dropped, ...unreadableRest(source, check), ...droppedTensors(source, check, target)],
    unreadable: check.unreadable,
    missing: withNearest(check.missing, check.unexpected),
    unexpected: withNearest(
      check.unexpected,
      spec.parameters.map(({ name }) => source.prefix + name),
    ),
    wrongShape: check.wrongShape,
    warnings,
    alreadyConverted,
    // Of shapes that are wrong nothing is made.
    config: problem === undefined ? huggingFaceConfig(spec, options.dataType) : spec.config.source,
    problem,
  };
}

/** Suggestions are searched for so many names only: a foreign file with 10^6 tensors must not cost 10^6 searches. */
const suggested = 50;

function withNearest(names: readonly string[], legal: readonly string[]): { name: string; nearest?: string | undefined }[] {
  return names.map((name, index) => ({ name, nearest: index < suggested ? nearestName(name, legal) : undefined }));
}

function unreadableRest(source: Checkpoint, { unreadable }: WeightsCheck): { name: string; reason: string }[] {
  const told = new Set(unreadable);
  return source.unreadable.filter((tensor) => !told.has(tensor)).map(({ sourceName, reason }) => ({ name: sourceName, reason }));
}

function droppedTensors(source: Checkpoint, check: WeightsCheck, target: Target): { name: string; reason: string }[] {
  return source.tensors.flatMap(({ role, sourceName, reason, canonicalName }) => {
    if (role === "dropped") return [{ name: sourceName, reason: reason ?? "left out by the layout" }];
    if (role === "alias") return [{ name: sourceName, reason: reason ?? "a second name of another parameter" }];
    const parameter = canonicalName === null ? undefined : source.spec?.parameter(canonicalName);
    if (role !== "parameter" || parameter === undefined) return [];
    if (check.found.get(parameter.name)?.sourceName !== sourceName)
      return [{ name: sourceName, reason: `the same storage as "${check.found.get(parameter.name)?.sourceName}"` }];
    if (parameter.need !== "unused" || target.keepsUnused === true) return [];
    return [
      {
        name: sourceName,
        reason: `the head "${headName(source.head ?? "model")}" has no pooler, so nothing computes with it and strict loading would refuse it`,
      },
    ];
  });
}

function step(source: CheckpointTensor, written: WrittenParameter, { target, dataType }: PlanOptions): ConversionStep {
  const wanted = dataType !== undefined && isFloatingPoint(source.tensor.dataType) ? dataType : source.tensor.dataType;
  if (!target.dataTypes.includes(wanted)) {
    throw new LongspanError(
      "data-type-mismatch",
      `Tensor "${source.sourceName}" is ${wanted}, which the target "${target.name}" cannot hold. Choose one of ${target.dataTypes.filter(isFloatingPoint).join(", ")} with --dtype (option dataType).`,
      { details: { tensor: source.sourceName, dataType: wanted, target: target.name } },
    );
  }
  const transposed = source.transposed !== written.transpose;
  const oriented = transposed ? transposeTensor(source.tensor) : source.tensor;
  const tensor: LazyTensor = renameTensor(castTensor(oriented, wanted), written.name);
  return {
    canonicalName: written.parameter.name,
    source: source.sourceName,
    sourceShape: source.tensor.shape,
    sourceDataType: source.tensor.dataType,
    target: written.name,
    targetShape: tensor.shape,
    targetDataType: wanted,
    transposed,
    tensor,
  };
}
