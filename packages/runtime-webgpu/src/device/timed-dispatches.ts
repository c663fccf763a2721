import { LongspanError } from "@longspan/core";
import { required } from "../kernel/required.ts";
import type { DeviceTensor, Dispatch } from "../kernel/kernel.ts";
import { boundBytes } from "../kernel/tensor-bytes.ts";
import { bufferUsage } from "./gpu-constants.ts";
import type { LiveDevice } from "./live-device.ts";
import { bindGroup } from "./pipeline-cache.ts";

/** Dispatches that are to be timed, and the memory that they work on. */
export interface TimedWork {
  /** For messages: "a linear layer". */
  readonly purpose: string;
  readonly dispatches: readonly Dispatch[];
  /** By the names of tensors. What dispatches bind beside them is made for them, and freed with them. */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  /** What is in memory that is made for them, by the names of tensors. Default: zeros. */
  readonly contents?: ReadonlyMap<string, Int32Array> | undefined;
}

/** Dispatches that are compiled and bound. */
export interface TimedDispatches {
  /**
   * Runs all of them so many times, one after the other, and waits. Milliseconds of the wall clock.
   * @throws LongspanError `out-of-memory`, `device-lost`.
   */
  run(times: number): Promise<number>;
  destroy(): void;
}

/** Many, since a submission takes the host about as long as a short run takes the device; not all, so that the device begins meanwhile. */
const runsOfSubmission = 20;

/** @throws LongspanError `out-of-memory`, `device-lost`; Error for a kernel that WebGPU refuses. */
export async function prepareTimedDispatches(
  live: LiveDevice,
  { purpose, dispatches, buffers, contents = new Map() }: TimedWork,
): Promise<TimedDispatches> {
  const { device, pipelines } = live;
  // Nothing is made for a dispatch before all are compiled: a kernel that is not leaves nothing to be freed.
  const compiled = await live.guard(
    Promise.all(dispatches.map(async (dispatch) => ({ dispatch, ...(await pipelines.get(dispatch.kernel)) }))),
  );
  const bound = new Map(dispatches.flatMap(({ operands }) => operands.map(({ tensor }) => [tensor.name, tensor] as const)));
  const missing = [...bound.values()].filter(({ name }) => !buffers.has(name));
  const own = await createTensorBuffers(live, missing);
  const uniformBuffers: GPUBuffer[] = [];
  const destroy = (): void => destroyAll([...own.values(), ...uniformBuffers]);
  try {
    const steps = await live.scoped(`${purpose} to be timed`, () => {
      for (const [name, values] of contents) {
        const buffer = own.get(name);
        if (buffer !== undefined) device.queue.writeBuffer(buffer, 0, new Int32Array(values));
      }
      return compiled.map(({ dispatch: { uniforms, operands, workgroups }, pipeline, layout }) => {
        const uniformBuffer = device.createBuffer({ size: uniforms.byteLength, usage: bufferUsage.uniform | bufferUsage.copyDestination });
        uniformBuffers.push(uniformBuffer);
        device.queue.writeBuffer(uniformBuffer, 0, uniforms);
        const resources = operands.map((operand) => {
          const { name } = operand.tensor;
          const buffer = required(buffers.get(name) ?? own.get(name), `memory of ${name}`);
          return { buffer, offset: operand.byteOffset ?? 0, size: boundBytes(operand) };
        });
        return { pipeline, group: bindGroup(device, { layout }, [{ buffer: uniformBuffer }, ...resources]), workgroups };
      });
    });
    return {
      async run(times) {
        const start = performance.now();
        const accepted = live.scoped(`${purpose} that is timed`, () => {
          for (let first = 0; first < times; first += runsOfSubmission) {
            const encoder = device.createCommandEncoder();
            const pass = encoder.beginComputePass();
            for (let time = first; time < Math.min(times, first + runsOfSubmission); time++) {
              for (const { pipeline, group, workgroups } of steps) {
                pass.setPipeline(pipeline);
                pass.setBindGroup(0, group);
                pass.dispatchWorkgroups(...workgroups);
              }
            }
            pass.end();
            device.queue.submit([encoder.finish()]);
          }
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

/** Of what preparing threw: whether it is these dispatches that the device does not take, and others may do: no word of memory, or of the device itself. */
export function isRefused(reason: unknown): boolean {
  return !LongspanError.isInstance(reason) || reason.code === "device-limit";
}

/** Buffers of tensors, by their names; none where one of them cannot be made. @throws LongspanError `out-of-memory`, `device-lost`. */
export async function createTensorBuffers(live: LiveDevice, tensors: readonly DeviceTensor[]): Promise<ReadonlyMap<string, GPUBuffer>> {
  const usage = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination;
  const buffers = new Map<string, GPUBuffer>();
  try {
    for (const tensor of tensors) buffers.set(tensor.name, await live.createBuffer(tensor.name, boundBytes({ tensor }), usage));
  } catch (error) {
    destroyAll(buffers.values());
    throw error;
  }
  return buffers;
}

export function destroyAll(buffers: Iterable<GPUBuffer>): void {
  for (const buffer of buffers) buffer.destroy();
}
