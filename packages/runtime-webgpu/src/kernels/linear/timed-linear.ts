import type { LiveDevice } from "../../device/live-device.ts";
import { bufferUsage } from "../../device/gpu-constants.ts";
import type { DeviceTensor } from "../../kernel/kernel.ts";
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

/** A linear layer of one tiling, compiled. */
export interface TimedLinear {
  /**
   * Runs it so many times, one after the other, and waits. Milliseconds of the wall clock.
   * @throws LongspanError `out-of-memory`, `device-lost`.
   */
  run(times: number): Promise<number>;
  destroy(): void;
}

/** @throws LongspanError `device-limit` for a shape with a tensor larger than a buffer may be; `out-of-memory`, `device-lost`. */
export async function createLinearBuffers(live: LiveDevice, shape: LinearShape): Promise<LinearBuffers> {
  const tensors = Object.values(linearTensors(shape));
  for (const tensor of tensors) checkSize(tensor, live.facts);
  const buffers = await createBuffers(live, tensors);
  const [x, weight, bias, out] = buffers;
  if (x === undefined || weight === undefined || bias === undefined || out === undefined)
    throw new TypeError("four tensors have four buffers");
  return { shape, x, weight, bias, out, destroy: () => destroyAll(buffers) };
}

/** @throws LongspanError `out-of-memory`, `device-lost`; Error for a kernel that WebGPU refuses. */
export async function prepareTimedLinear(live: LiveDevice, tiling: Tiling, linear: LinearBuffers): Promise<TimedLinear> {
  const { device, facts, pipelines } = live;
  const scratch: DeviceTensor[] = [];
  const context: LinearContext = {
    facts,
    scratch(storage, elements) {
      const shape = [elements];
      const tensor = { name: `scratch ${scratch.length}`, storage, shape, byteLength: byteLengthOf(storage, shape) };
      scratch.push(tensor);
      return tensor;
    },
  };
  const tensors = linearTensors(linear.shape);
  const layer = { ...tensors, activation: undefined, addend: undefined };
  const dispatches = planLinear(layer, context, () => tiling, createProductKernels());
  // Nothing is made for a dispatch before all are compiled: a kernel that is not leaves nothing to be freed.
  const compiled = await live.guard(
    Promise.all(dispatches.map(async (dispatch) => ({ dispatch, ...(await pipelines.get(dispatch.kernel)) }))),
  );
  const own: GPUBuffer[] = [];
  const destroy = (): void => destroyAll(own);
  try {
    own.push(...(await createBuffers(live, scratch)));
    const { x, weight, bias, out } = tensors;
    const buffers = new Map(
      [x, weight, bias, out, ...scratch].map(({ name }, at) => [name, [linear.x, linear.weight, linear.bias, linear.out, ...own][at]]),
    );
    const steps = await live.scoped("a linear layer to be timed", () =>
      compiled.map(({ dispatch: { uniforms, operands, workgroups }, pipeline, layout }) => {
        const uniformBuffer = device.createBuffer({ size: uniforms.byteLength, usage: bufferUsage.uniform | bufferUsage.copyDestination });
        own.push(uniformBuffer);
        device.queue.writeBuffer(uniformBuffer, 0, uniforms);
        const resources = operands.map(({ tensor, byteOffset: offset = 0, byteLength: size = tensor.byteLength - offset }) => {
          const buffer = buffers.get(tensor.name);
          if (buffer === undefined) throw new TypeError(`a linear layer has no ${tensor.name}`);
          return { buffer, offset, size };
        });
        const entries = [{ buffer: uniformBuffer }, ...resources].map((resource, binding) => ({ binding, resource }));
        return { pipeline, group: device.createBindGroup({ layout, entries }), workgroups };
      }),
    );
    return {
      async run(times) {
        const start = performance.now();
        const accepted = live.scoped("a linear layer that is timed", () => {
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
        });
        const [took] = await Promise.all([live.guard(device.queue.onSubmittedWorkDone()).then(() => performance.now() - start), accepted]);
        return took;
      },
      destroy,
    };
  } catch (error) {
    destroy();
    throw error;
  }
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

/** Buffers of tensors, in their order; none where one of them cannot be made. */
async function createBuffers(live: LiveDevice, tensors: readonly DeviceTensor[]): Promise<readonly GPUBuffer[]> {
  const usage = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination;
  const buffers: GPUBuffer[] = [];
  try {
    for (const { name, byteLength } of tensors) buffers.push(await live.createBuffer(name, byteLength, usage));
  } catch (error) {
    destroyAll(buffers);
    throw error;
  }
  return buffers;
}

function destroyAll(buffers: Iterable<GPUBuffer>): void {
  for (const buffer of buffers) buffer.destroy();
}
