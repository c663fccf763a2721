import type { Checkpoint, CheckpointTensor } from "../checkpoint/checkpoint.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { castTensor } from "../tensor/cast-tensor.ts";
import { isFloatingPoint } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { transposeTensor } from "../tensor/transpose-tensor.ts";
import { canonicalTensor, checkWeights, type WeightsCheck } from "./checked-weights.ts";
import { compareTensors, type TensorComparison } from "./compare-tensors.ts";
import { sameValuesByStorage } from "./same-values.ts";

/** A second name of a parameter in a file, and the tensor that is the parameter. */
interface Tie {
  readonly alias: CheckpointTensor;
  readonly parameter: CheckpointTensor;
}

function tiesOf(check: WeightsCheck): Tie[] {
  return check.aliases.flatMap((alias) => {
    const parameter = check.found.get(alias.canonicalName ?? "");
    return parameter === undefined ? [] : [{ alias, parameter }];
  });
}

/**
 * Compares every tied copy in a file with the parameter it repeats: in canonical space, whichever way either lies and whatever its float
 * type, by exact values. Copies that share the parameter's storage cost no reading. What runs or writes the weights, which do without the
 * copies, has to do this first.
 * @throws LongspanError `weights-mismatch` when a copy has other values; what `Checkpoint.weights` throws.
 */
export async function checkTies(checkpoint: Checkpoint, signal?: AbortSignal): Promise<void> {
  const { check } = checkWeights(checkpoint);
  for (const tie of tiesOf(check)) await checkTie(checkpoint, tie, signal);
}

async function checkTie(checkpoint: Checkpoint, { alias, parameter }: Tie, signal: AbortSignal | undefined): Promise<void> {
  const name = parameter.canonicalName ?? parameter.sourceName;
  const [copy, original] = [canonicalTensor(alias, name), canonicalTensor(parameter, name)];
  // Both views of one storage: the same elements in the same places.
  if (alias.transposed === parameter.transposed && sameValuesByStorage(alias.tensor, parameter.tensor)) return;
  if (sameValuesByStorage(copy, original)) return;
  if (copy.shape.join() !== original.shape.join()) {
    throw mismatch(
      checkpoint,
      { alias, parameter },
      `its shape is [${alias.tensor.shape.join(", ")}], where [${parameter.tensor.shape.join(", ")}] or its transpose was expected`,
    );
  }
  if (!comparable(copy, original)) {
    throw mismatch(checkpoint, { alias, parameter }, `its elements are ${copy.dataType}, those of the other ${original.dataType}`);
  }
  const compared = await compareTensors(name, copy, original, signal);
  if (compared.differing === 0) return;
  // A square copy does not show how it lies, and whoever wrote it may have transposed it or not: it repeats the parameter either way.
  const [rows, columns] = copy.shape;
  if (copy.shape.length === 2 && rows === columns && (await compareTensors(name, transposeTensor(copy), original, signal)).differing === 0)
    return;
  throw mismatch(checkpoint, { alias, parameter }, await howValuesDiffer(copy, original, compared, signal));
}

function comparable(one: LazyTensor, other: LazyTensor): boolean {
  return one.dataType === other.dataType || (isFloatingPoint(one.dataType) && isFloatingPoint(other.dataType));
}

/** A copy that was saved in a narrower type has no other values of its own: it is the parameter, rounded. */
async function howValuesDiffer(
  copy: LazyTensor,
  original: LazyTensor,
  { differing, elements, maxAbsoluteDifference }: TensorComparison,
  signal: AbortSignal | undefined,
): Promise<string> {
  const differ = `${differing} of its ${elements} values differ, by up to ${maxAbsoluteDifference}`;
  if (copy.dataType === original.dataType) return differ;
  const narrow = copy.byteLength < original.byteLength ? copy.dataType : original.dataType;
  const rounded = await compareTensors(copy.name, castTensor(copy, narrow), castTensor(original, narrow), signal).catch(
    (error: unknown) => {
      if (LongspanError.isInstance(error) && error.code === "value-overflow") return undefined;
      throw error;
    },
  );
  return rounded?.differing === 0 ? `${differ}: one is the other, rounded to ${narrow}. Save both in one type` : differ;
}

function mismatch({ name, configOrigin }: Checkpoint, { alias, parameter }: Tie, how: string): LongspanError {
  return new LongspanError(
    "weights-mismatch",
    `${name}: "${alias.sourceName}" should repeat "${parameter.sourceName}" (${alias.reason ?? "tied"}), but ${how}. If the model was trained with the two apart, its configuration (${configOrigin ?? "config.json"}) should say "tie_word_embeddings": false.`,
    { details: { tensor: alias.sourceName, parameter: parameter.sourceName } },
  );
}
