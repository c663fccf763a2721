import { elementCount, LongspanError } from "@longspan/core";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { bufferUsage } from "../../device/gpu-constants.ts";
import type { PipelineCache } from "../../device/pipeline-cache.ts";
import type { DeviceTensor } from "../../kernel/kernel.ts";
import type { LinearShape } from "./check-tuning.ts";
import { planLinear, type LinearContext } from "./linear.ts";
import { createProductKernels } from "./product-kernel.ts";
import type { Tiling } from "./tiling.ts";

export interface TimedDevice {
  readonly device: GPUDevice;
  readonly facts: DeviceFacts;
  readonly pipelines: PipelineCache;
}

/** x `[rows, inner]`, weight `[columns, inner]`, bias `[columns]` and out `[rows, columns]` of a linear layer, in buffers of a device. */
export interface LinearBuffers {
  readonly shape: LinearShape;
  readonly x: GPUBuffer;
  readonly weight: GPUBuffer;
  readonly bias: GPUBuffer;
  readonly out: GPUBuffer;
  destroy(): void;
}

/** A linear layer of one tiling, compiled. */
export interface TimedLinear {
  /** Runs it so many times, one after the other, and waits. Milliseconds of the wall clock. */
  run(times: number): Promise<number>;
  destroy(): void;
}

/** @throws LongspanError `device-limit` for a shape with a tensor larger than a buffer may be. */
export function createLinearBuffers({ device, facts }: TimedDevice, shape: LinearShape): LinearBuffers {
  const tensors = linearTensors(shape);
  for (const { name, byteLength } of Object.values(tensors)) {
    const limit = facts.limits.maxBufferSize;
    if (byteLength > limit)
      throw new LongspanError(
        "device-limit",
        `${name} of a linear layer [${shape.rows}, ${shape.inner}] · [${shape.inner}, ${shape.columns}] takes ${byteLength} bytes; a buffer of this device has at most ${limit}.`,
        { details: { limit: "maxBufferSize", found: byteLength, allowed: limit } },
      );
  }
  const usage = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination;
  const create = ({ name, byteLength }: DeviceTensor): GPUBuffer => device.createBuffer({ label: name, size: byteLength, usage });
  const buffers = { x: create(tensors.x), weight: create(tensors.weight), bias: create(tensors.bias), out: create(tensors.out) };
  return {
    shape,
    ...buffers,
    destroy() {
      for (const buffer of Object.values(buffers)) buffer.destroy();
    },
  };
}

export async function prepareTimedLinear(
  { device, facts, pipelines }: TimedDevice,
  tiling: Tiling,
  buffers: LinearBuffers,
): Promise<TimedLinear> {
  const { x, weight, bias, out } = linearTensors(buffers.shape);
  const byName = new Map(Object.entries({ x: buffers.x, weight: buffers.weight, bias: buffers.bias, out: buffers.out }));
  const layer = { x, weight, bias, out, activation: undefined, addend: undefined };
  const ownBuffers: GPUBuffer[] = [];
  const context: LinearContext = {
    facts,
    scratch(storage, elements) {
      const tensor = { name: `scratch ${ownBuffers.length}`, storage, shape: [elements], byteLength: 4 * elements };
      const buffer = device.createBuffer({ label: tensor.name, size: tensor.byteLength, usage: bufferUsage.storage });
      ownBuffers.push(buffer);
      byName.set(tensor.name, buffer);
      return tensor;
    },
  };
  const destroy = (): void => {
    for (const buffer of ownBuffers) buffer.destroy();
  };
  const dispatches = planLinear(layer, context, () => tiling, createProductKernels());
  // Nothing is made for a dispatch before all are compiled: a kernel that is not leaves only the scratch to be freed.
  const compiled = await Promise.all(dispatches.map(async (dispatch) => ({ dispatch, ...(await pipelines.get(dispatch.kernel)) }))).catch(
    (error: unknown) => {
      destroy();
      throw error;
    },
  );
  const steps = compiled.map(({ dispatch: { uniforms, operands, workgroups }, pipeline, layout }) => {
    const uniformBuffer = device.createBuffer({ size: uniforms.byteLength, usage: bufferUsage.uniform | bufferUsage.copyDestination });
    ownBuffers.push(uniformBuffer);
    device.queue.writeBuffer(uniformBuffer, 0, uniforms);
    const resources = operands.map(({ tensor, byteOffset: offset = 0, byteLength: size = tensor.byteLength - offset }) => {
      const buffer = byName.get(tensor.name);
      if (buffer === undefined) throw new TypeError(`a linear layer has no ${tensor.name}`);
      return { buffer, offset, size };
    });
    const entries = [{ buffer: uniformBuffer }, ...resources].map((resource, binding) => ({ binding, resource }));
    return { pipeline, group: device.createBindGroup({ layout, entries }), workgroups };
  });
  return {
    async run(times) {
      const start = performance.now();
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (let time = 0; time < times; time++) {
        for (const { pipeline, group, workgroups } of steps) {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, group);
          pass.dispatchWorkgroups(...workgroups);
        }
      }
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      return performance.now() - start;
    },
    destroy,
  };
}

function linearTensors({
  rows,
  columns,
  inner,
  weightStorage,
  activationStorage = "float32",
}: LinearShape): Readonly<Record<"x" | "weight" | "bias" | "out", DeviceTensor>> {
  const tensor = (name: string, shape: readonly number[], storage: "float32" | "float16" = "float32"): DeviceTensor => ({
    name,
    shape,
    storage,
    byteLength: Math.ceil((elementCount(shape) * (storage === "float16" ? 2 : 4)) / 4) * 4,
  });
  return {
    x: tensor("x", [rows, inner], activationStorage),
    weight: tensor("weight", [columns, inner], weightStorage),
    bias: tensor("bias", [columns]),
    out: tensor("out", [rows, columns], activationStorage),
  };
}
