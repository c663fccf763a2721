import type { Derivation } from "../adapter/derivation.ts";
import type { EnvelopeContents } from "../adapter/envelope.ts";
import { castTensor } from "../tensor/cast-tensor.ts";
import { computedTensor } from "../tensor/computed-tensor.ts";
import { bytesPerElement, isFloatingPoint } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { readFloats } from "../tensor/read-floats.ts";
import { tensorFromBytes } from "../tensor/read-tensor.ts";
import { hasName, isReadable, partsByName, unreadablePart, withEnding, withMadeParameters, type MadeParameter } from "./made-parameter.ts";

/**
 * Parameters pruned by `torch.nn.utils.prune`, kept as `weight_orig` and `weight_mask`: `mask.to(orig.dtype) * orig` (torch/nn/utils/prune.py,
 * `apply_mask`), exactly.
 */
export function pruningDerivation(): Derivation {
  return { name: "pruning", derive: (contents) => derive(contents) };
}

function derive(contents: EnvelopeContents): EnvelopeContents | undefined {
  if (!hasName(contents, /_mask$/)) return undefined;
  const parts = partsByName(contents);
  const parameters: MadeParameter[] = [];
  for (const [name, original] of parts) {
    if (!name.endsWith("_orig")) continue;
    const names = withEnding(original, "_orig", "");
    const mask = parts.get(`${names.name}_mask`);
    if (mask === undefined || parts.has(names.name)) continue;
    const both = [original, mask];
    if (isReadable(original) && isReadable(mask)) {
      if (original.tensor.shape.join() !== mask.tensor.shape.join() || !isFloatingPoint(original.tensor.dataType)) continue;
      parameters.push({ ...names, parts: both, made: masked(names.sourceName, original.tensor, mask.tensor) });
    } else parameters.push({ ...names, parts: both, made: unreadablePart(both) ?? { reason: "" } });
  }
  return withMadeParameters(contents, parameters, (list) => `${list}: pruned, and computed as the values before times the mask.`);
}

function masked(name: string, original: LazyTensor, mask: LazyTensor): LazyTensor {
  const { dataType, shape } = original;
  const ofType = isFloatingPoint(mask.dataType) ? castTensor(mask, dataType) : mask;
  // A product of two floats of at most 32 bits is exact in float64; one of two float64 is rounded once, as torch does.
  const product = computedTensor({
    name,
    dataType: "float64",
    shape,
    inputs: [original, ofType],
    async compute(range) {
      const [values, factors] = await Promise.all([readFloats(original, range), readNumbers(ofType, range)]);
      for (let index = 0; index < values.length; index++) values[index] = (values[index] as number) * Number(factors[index]);
      return values;
    },
  });
  return castTensor(product, dataType);
}

/** Floats, or the integers or bools of a mask. */
async function readNumbers(
  tensor: LazyTensor,
  range: { readonly start: number; readonly count: number; readonly signal: AbortSignal | undefined },
): Promise<ArrayLike<number | bigint>> {
  if (isFloatingPoint(tensor.dataType)) return readFloats(tensor, range);
  const width = bytesPerElement(tensor.dataType);
  const bytes = await tensor.readBytes(range.start * width, range.count * width, { signal: range.signal });
  return tensorFromBytes(tensor.dataType, [range.count], bytes).data;
}
