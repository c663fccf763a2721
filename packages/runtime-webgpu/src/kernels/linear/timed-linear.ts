import type { LiveDevice } from "../../device/live-device.ts";
import { createTensorBuffers, destroyAll, prepareTimedDispatches, type TimedDispatches } from "../../device/timed-dispatches.ts";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import { checkSize, deviceTensor, scratchTensors } from "../../kernel/tensor-bytes.ts";
import { required } from "../../kernel/required.ts";
import type { LinearShape } from "./check-tuning.ts";
import { planLinear } from "./linear.ts";
import { createProductKernels } from "./product-kernel.ts";
import type { Tiling } from "./tiling.ts";

/** x `[rows, inner]`, weight `[columns, inner]`, bias `[columns]` and out `[rows, columns]` of a linear layer, in buffers of a device. */
export interface LinearBuffers {
  readonly shape: LinearShape;
  readonly x: GPUBuffer;
  readonly weight: GPUBuffer;
  readonly bias: GPUBuffer;
  readonly out: GPUBuffer;
  /** All of them by the names of tensors. */
  readonly memory: ReadonlyMap<string, GPUBuffer>;
  destroy(): void;
}

/** @throws LongspanError `device-limit` for a shape with a tensor larger than a buffer may be; `out-of-memory`, `device-lost`. */
export async function createLinearBuffers(live: LiveDevice, shape: LinearShape): Promise<LinearBuffers> {
  const tensors = linearTensors(shape);
  for (const tensor of Object.values(tensors)) checkSize(tensor, live.facts);
  const memory = await createTensorBuffers(live, Object.values(tensors));
  const bufferOf = ({ name }: DeviceTensor): GPUBuffer => required(memory.get(name), name);
  const [x, weight, bias, out] = [bufferOf(tensors.x), bufferOf(tensors.weight), bufferOf(tensors.bias), bufferOf(tensors.out)];
  return { shape, x, weight, bias, out, memory, destroy: () => destroyAll(memory.values()) };
}

/** A linear layer of one tiling, compiled. @throws LongspanError `out-of-memory`, `device-lost`; Error for a kernel that WebGPU refuses. */
export async function prepareTimedLinear(live: LiveDevice, tiling: Tiling, buffers: LinearBuffers): Promise<TimedDispatches> {
  return prepareTimedDispatches(live, {
    purpose: "a linear layer",
    dispatches: planTimedLinear(live.facts, buffers.shape, tiling),
    buffers: buffers.memory,
  });
}

/** @throws LongspanError `device-limit` for what cannot be bound. */
export function planTimedLinear(facts: DeviceFacts, shape: LinearShape, tiling: Tiling): readonly Dispatch[] {
  const layer = { ...linearTensors(shape), activation: undefined, addend: undefined };
  return planLinear(layer, { facts, scratch: scratchTensors() }, () => tiling, createProductKernels());
}

function linearTensors({
  rows,
  columns,
  inner,
  weightStorage,
  activationStorage = "float32",
}: LinearShape): Readonly<Record<"x" | "weight" | "bias" | "out", DeviceTensor>> {
  const tensor = (name: string, sizes: readonly number[], storage: "float32" | "float16" = "float32"): DeviceTensor =>
    deviceTensor(`${name} of a linear layer`, storage, sizes);
  return {
    x: tensor("x", [rows, inner], activationStorage),
    weight: tensor("weight", [columns, inner], weightStorage),
    bias: tensor("bias", [columns]),
    out: tensor("out", [rows, columns], activationStorage),
  };
}
