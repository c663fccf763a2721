import { elementCount, type LazyTensor, LongspanError } from "@longspan/core";
import { castTensor, isFloatingPoint, renameTensor } from "@longspan/core/adapter";
import { parameterOfRanges, rangesWithin } from "./flat-ranges.ts";
import { type ModelStates, type ParameterShapes, tensorEntries } from "./model-states.ts";
import type { OptimizerShard } from "./optimizer-shards.ts";

/**
 * The float32 weights of a checkpoint of ZeRO, as DeepSpeed's own zero_to_fp32.py makes them of the same files
 * (deepspeed/utils/zero_to_fp32.py): the master weights of the optimizer's shards put together, frozen parameters, buffers, tied
 * names. What that script leaves out, although the model file has it whole (parameters frozen in ZeRO 1), is taken from there.
 * @param models The model states of rank 0, and for ZeRO 3 with frozen parameters of every rank.
 * @param shards Of every rank, in their order.
 * @throws LongspanError `malformed` where the shards do not hold what the model states describe.
 */
export function masterWeights(models: readonly ModelStates[], shards: readonly OptimizerShard[]): Map<string, LazyTensor> {
  const [model] = models;
  const [shard] = shards;
  if (model?.parameterShapes === undefined || shard === undefined) {
    throw new LongspanError(
      "malformed",
      `${shard?.file ?? "The checkpoint"}: its model states do not say which parameters the optimizer's shards hold ("param_shapes").`,
    );
  }
  const trained =
    shard.stage === 3 ? partitionedParameters(model.parameterShapes, shards) : groupedParameters(model.parameterShapes, shards);
  const frozen = shard.stage === 3 ? frozenPartitions(models) : model.frozenFragments;
  return inOrderOfModule(model, new Map([...trained, ...frozen]), shard);
}

/** ZeRO 1 and 2: every group is one flat vector, cut into one part a rank; its parameters lie one after the other, some followed by padding. */
function groupedParameters(groups: readonly ParameterShapes[], shards: readonly OptimizerShard[]): Map<string, LazyTensor> {
  const parameters = new Map<string, LazyTensor>();
  const [first] = shards;
  for (const [index, shapes] of groups.entries()) {
    const parts = shards.map((shard) => shard.groups[index]).filter((part) => part !== undefined);
    if (parts.length !== shards.length)
      throw damaged(first, `has ${first?.groups.length ?? 0} groups of parameters, and the model ${groups.length}`);
    const available = parts.reduce((sum, part) => sum + elementCount(part.shape), 0);
    const paddings = first?.paddings?.[index];
    if (paddings !== undefined && paddings.length !== shapes.size)
      throw damaged(first, `has paddings for ${paddings.length} of ${shapes.size} parameters`);
    let offset = 0;
    let position = 0;
    for (const [name, shape] of shapes) {
      const count = elementCount(shape);
      if (offset + count > available)
        throw damaged(first, `and the shards beside it have ${available} elements of group ${index}, and more are needed for "${name}"`);
      parameters.set(name, parameterOfRanges(name, shape, rangesWithin(parts, offset, count)));
      offset += count + (paddings?.[position++] ?? 0);
    }
    // The vector is filled up to a multiple of twice the ranks; the shards may be without that filling.
    const step = 2 * shards.length;
    if (Math.ceil(offset / step) !== Math.ceil(available / step)) {
      throw damaged(first, `and the shards beside it have ${available} elements of group ${index}, and its parameters ${offset}`);
    }
  }
  return parameters;
}

/** ZeRO 3: every parameter is cut into equal parts, one a rank, the last filled up; each rank has its parts in flat groups one after the other. */
function partitionedParameters(groups: readonly ParameterShapes[], shards: readonly OptimizerShard[]): Map<string, LazyTensor> {
  const parameters = new Map<string, LazyTensor>();
  const [first] = shards;
  const sizes = shards.map((shard) => shard.groups.reduce((sum, group) => sum + elementCount(group.shape), 0));
  const available = sizes[0] ?? 0;
  const odd = shards.find((_, rank) => sizes[rank] !== available);
  if (odd !== undefined) throw damaged(odd, `has another number of elements than ${first?.file ?? "the first"}`);
  let offset = 0;
  for (const [name, shape] of groups.flatMap((group) => [...group])) {
    const part = Math.ceil(elementCount(shape) / shards.length);
    if (offset + part > available) throw damaged(first, `has ${available} elements, and more are needed for "${name}"`);
    const ranges = shards.flatMap((shard) => rangesWithin(shard.groups, offset, part));
    parameters.set(name, parameterOfRanges(name, shape, ranges));
    offset += part;
  }
  if (offset !== available) throw damaged(first, `has ${available} elements, and its parameters ${offset}`);
  return parameters;
}

function frozenPartitions(models: readonly ModelStates[]): Map<string, LazyTensor> {
  const parameters = new Map<string, LazyTensor>();
  for (const [name, shape] of models[0]?.frozenShapes ?? []) {
    const ranges = models.flatMap(({ frozenFragments }) => {
      const fragment = frozenFragments.get(name);
      return fragment === undefined ? [] : [{ tensor: fragment, start: 0, count: elementCount(fragment.shape) }];
    });
    parameters.set(name, parameterOfRanges(name, shape, ranges));
  }
  return parameters;
}

function inOrderOfModule(model: ModelStates, found: ReadonlyMap<string, LazyTensor>, shard: OptimizerShard): Map<string, LazyTensor> {
  const inModule = tensorEntries(model.module);
  const weights = new Map<string, LazyTensor>();
  for (const [name, stored] of inModule) {
    const tiedTo = model.sharedParameters.get(name) ?? tiedName(inModule, name, stored, found);
    const whole = found.get(name) ?? (tiedTo === undefined ? undefined : found.get(tiedTo));
    if (whole === undefined && shard.stage === 3 && !model.bufferNames.has(name) && elementCount(stored.shape) === 0) {
      throw damaged(shard, `and the shards beside it do not hold "${name}", which the model has`);
    }
    weights.set(name, inFloat32(renameTensor(whole ?? stored, name)));
  }
  for (const [name, tensor] of found) if (!weights.has(name)) weights.set(name, inFloat32(tensor));
  for (const [name, of] of model.sharedParameters) {
    const tensor = weights.get(of);
    if (tensor !== undefined && !weights.has(name)) weights.set(name, renameTensor(tensor, name));
  }
  return weights;
}

/** The name under which the shards hold a parameter that the model file has twice, as one storage. */
function tiedName(
  module: readonly (readonly [string, LazyTensor])[],
  name: string,
  stored: LazyTensor,
  found: ReadonlyMap<string, LazyTensor>,
): string | undefined {
  if (found.has(name)) return undefined;
  return module.find(
    ([other, { storage, byteLength }]) =>
      found.has(other) &&
      byteLength > 0 &&
      storage.identity === stored.storage.identity &&
      storage.elementOffset === stored.storage.elementOffset,
  )?.[0];
}

/** Frozen parameters and buffers are in the model's own type; the script makes them float32, too. */
function inFloat32(tensor: LazyTensor): LazyTensor {
  return tensor.dataType !== "float32" && isFloatingPoint(tensor.dataType) ? castTensor(tensor, "float32") : tensor;
}

function damaged(shard: OptimizerShard | undefined, problem: string): LongspanError {
  const file = shard?.file ?? "The optimizer's shard";
  return new LongspanError("malformed", `${file} ${problem}. The files are damaged or not of one checkpoint: copy all of them again.`, {
    details: { file },
  });
}
