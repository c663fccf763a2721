import type { LiveDevice } from "../../device/live-device.ts";
import { createTensorBuffers, destroyAll, prepareTimedDispatches, type TimedDispatches } from "../../device/timed-dispatches.ts";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import { byteLengthOf, checkSize } from "../../kernel/tensor-bytes.ts";
import type { LinearShape } from "./check-tuning.ts";
import { planLinear, type LinearContext } from "./linear.ts";
import { createProductKernels } from "./product-kernel.ts";
import type { Tiling } from "./tiling.ts";

/** x `[rows, inner]`, weight `[columns, inner]`, bias `[columns]` and out `[rows, columns]` of a linear layer, in buffers of a device. */
export interface LinearBuffers {
  readonly shape: LinearShape;
  readonly x: GPUBuffer;
  readonly weight: GPUBuffer;
  readonly bias: GPUBuffer;
  readonly out: GPUBuffer;
  destroy(): void;
}

/** @throws LongspanError `device-limit` for a shape with a tensor larger than a buffer may be; `out-of-memory`, `device-lost`. */
export async function createLinearBuffers(live: LiveDevice, shape: LinearShape): Promise<LinearBuffers> {
  const tensors = linearTensors(shape);
  for (const tensor of Object.values(tensors)) checkSize(tensor, live.facts);
  const buffers = await createTensorBuffers(live, Object.values(tensors));
  const [x, weight, bias, out] = [tensors.x, tensors.weight, tensors.bias, tensors.out].map(({ name }) => buffers.get(name));
  if (x === undefined || weight === undefined || bias === undefined || out === undefined)
    throw new TypeError("four tensors have four buffers");
  return { shape, x, weight, bias, out, destroy: () => destroyAll(buffers.values()) };
}

/** A linear layer of one tiling, compiled. @throws LongspanError `out-of-memory`, `device-lost`; Error for a kernel that WebGPU refuses. */
export async function prepareTimedLinear(live: LiveDevice, tiling: Tiling, buffers: LinearBuffers): Promise<TimedDispatches> {
  return prepareTimedDispatches(live, {
    purpose: "a linear layer",
    dispatches: planTimedLinear(live.facts, buffers.shape, tiling),
    buffers: linearMemory(buffers),
  });
}

/** The buffers of a layer by the names of its tensors. */
export function linearMemory({ shape, ...buffers }: LinearBuffers): ReadonlyMap<string, GPUBuffer> {
  const { x, weight, bias, out } = linearTensors(shape);
  return new Map([
    [x.name, buffers.x],
    [weight.name, buffers.weight],
    [bias.name, buffers.bias],
    [out.name, buffers.out],
  ]);
}

/** @throws LongspanError `device-limit` for what cannot be bound. */
export function planTimedLinear(facts: DeviceFacts, shape: LinearShape, tiling: Tiling): readonly Dispatch[] {
  let scratches = 0;
  const context: LinearContext = {
    facts,
    scratch(storage, elements) {
      const tensor = { storage, shape: [elements], byteLength: byteLengthOf(storage, [elements]) };
      return { name: `scratch ${scratches++}`, ...tensor };
    },
  };
  const layer = { ...linearTensors(shape), activation: undefined, addend: undefined };
  return planLinear(layer, context, () => tiling, createProductKernels());
}

function linearTensors({
  rows,
  columns,
  inner,
  weightStorage,
  activationStorage = "float32",
}: LinearShape): Readonly<Record<"x" | "weight" | "bias" | "out", DeviceTensor>> {
  const tensor = (name: string, shape: readonly number[], storage: "float32" | "float16" = "float32"): DeviceTensor => ({
    name: `${name} of a linear layer`,
    shape,
    storage,
    byteLength: byteLengthOf(storage, shape),
  });
  return {
    x: tensor("x", [rows, inner], activationStorage),
    weight: tensor("weight", [columns, inner], weightStorage),
    bias: tensor("bias", [columns]),
    out: tensor("out", [rows, columns], activationStorage),
  };
}
