// The kernels of `longformerAttention` on tensors that lie on the device, made ready once and run many times.
import { floatConversion } from "@longspan/core/adapter";
import { maskCodes } from "@longspan/core/graph";
import { bufferUsage, mapMode } from "../packages/runtime-webgpu/src/device/gpu-constants.ts";
import { liveDevice, type LiveDevice } from "../packages/runtime-webgpu/src/device/live-device.ts";
import { prepareTimedDispatches } from "../packages/runtime-webgpu/src/device/timed-dispatches.ts";
import {
  kernelText,
  type DeviceTensor as PlannedTensor,
  type Dispatch,
  type Kernel,
} from "../packages/runtime-webgpu/src/kernel/kernel.ts";
import { attentionInputs, type AttentionTilings } from "../packages/runtime-webgpu/src/kernels/attention/attention-plan.ts";
import { planTimedAttention } from "../packages/runtime-webgpu/src/kernels/attention/timed-attention.ts";
import { chooseTiling } from "../packages/runtime-webgpu/src/kernels/linear/linear-tuning.ts";
import { linear } from "../packages/runtime-webgpu/src/kernels/linear/linear.ts";
import { createProductKernels } from "../packages/runtime-webgpu/src/kernels/linear/product-kernel.ts";
import type { TestDevice } from "../packages/runtime-webgpu/src/testing/test-device.ts";
import type { DeviceTensor } from "./onnx-on-device.ts";

/** One item of a batch; the published base model's heads by default. */
export interface AttentionSizes {
  readonly sequence: number;
  readonly window: number;
  /** At the start of the sequence. */
  readonly globals: number;
}

export const [heads, headSize] = [12, 64];
export const hidden: number = heads * headSize;

export interface AttentionTensors {
  readonly sizes: AttentionSizes;
  readonly halves: boolean;
  readonly inputs: Readonly<Record<string, DeviceTensor>>;
  readonly context: DeviceTensor;
  /** Reads a tensor back, and clears the context so that nobody is checked on another's values. */
  readContext(): Promise<Float32Array>;
  destroy(): void;
}

export interface PreparedAttention {
  /** Milliseconds of so many runs; the profile's count of multiplications and additions and of bytes in one. */
  run(times: number): Promise<number>;
  readonly floatingPointOperations: number;
  readonly bytes: number;
  readonly kernels: readonly string[];
  destroy(): void;
}

/** `halves`: inputs, weights and context lie as float16. */
export function createAttentionTensors({ device }: TestDevice, sizes: AttentionSizes, halves = false): AttentionTensors {
  const { sequence, globals } = sizes;
  const usage = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination;
  const create = (
    dataType: "float32" | "int32",
    shape: readonly number[],
    data?: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>,
  ): DeviceTensor => {
    const half = halves && dataType === "float32" && shape.length > 1;
    const bytes = half && data !== undefined ? halvesOf(data) : data;
    const buffer = device.createBuffer({ size: shape.reduce((product, size) => product * size, half ? 2 : 4), usage });
    if (bytes !== undefined) device.queue.writeBuffer(buffer, 0, bytes);
    return { buffer, dataType, shape };
  };
  const random = (shape: readonly number[], seed: number, scale: number): DeviceTensor =>
    create(
      "float32",
      shape,
      noise(
        shape.reduce((product, size) => product * size, 1),
        seed,
        scale,
      ),
    );
  const mask = new Int32Array(sequence).fill(maskCodes.local).fill(maskCodes.global, 0, globals);
  const inputs = Object.fromEntries(
    attentionInputs.map((name, index): [string, DeviceTensor] => {
      if (name === "mask") return [name, create("int32", [1, sequence], mask)];
      if (index < 4) return [name, random([1, sequence, hidden], index + 1, 1)];
      // Weights that keep the size of what they project.
      return [
        name,
        random(name.endsWith("Weight") ? [hidden, hidden] : [hidden], index + 1, name.endsWith("Weight") ? Math.sqrt(3 / hidden) : 1),
      ];
    }),
  );
  const context = create("float32", [1, sequence, hidden]);
  return {
    sizes,
    halves,
    inputs,
    context,
    async readContext() {
      const size = sequence * hidden * (halves ? 2 : 4);
      const target = device.createBuffer({ size, usage: bufferUsage.mapRead | bufferUsage.copyDestination });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(context.buffer, 0, target, 0, size);
      encoder.clearBuffer(context.buffer);
      device.queue.submit([encoder.finish()]);
      await target.mapAsync(mapMode.read);
      const read = target.getMappedRange().slice(0);
      const values = halves ? widened(read) : new Float32Array(read);
      target.destroy();
      return values;
    },
    destroy() {
      for (const { buffer } of [...Object.values(inputs), context]) buffer.destroy();
    },
  };
}

/** What is compiled for a device is compiled once. */
const liveDevices = new WeakMap<GPUDevice, LiveDevice>();

/** `only` leaves out kernels, `edit` changes their text; `reassociateUpTo` and `tilings` as in `longformerAttentionKernels`. */
export async function prepareAttention(
  { device, facts }: TestDevice,
  { sizes, halves, inputs, context }: AttentionTensors,
  {
    only,
    edit,
    reassociateUpTo,
    tilings,
  }: {
    readonly only?: (kernel: Kernel) => boolean;
    readonly edit?: (code: string) => string;
    readonly reassociateUpTo?: number;
    readonly tilings?: AttentionTilings;
  } = {},
): Promise<PreparedAttention> {
  const { sequence, window, globals } = sizes;
  const live = liveDevices.get(device) ?? liveDevice(device, facts, "Run it again");
  liveDevices.set(device, live);
  const buffers = new Map<string, GPUBuffer>();
  const given = (name: string, tensor: DeviceTensor | undefined): PlannedTensor => {
    if (tensor === undefined) throw new Error(`there is no ${name}`);
    const { buffer, dataType, shape } = tensor;
    buffers.set(name, buffer);
    return { name, shape, storage: halves && dataType === "float32" && shape.length > 1 ? "float16" : dataType, byteLength: buffer.size };
  };
  const mask = new Int32Array(sequence).fill(maskCodes.local).fill(maskCodes.global, 0, globals);
  const layers = linear(chooseTiling(undefined), createProductKernels());
  const planned = planTimedAttention(
    facts,
    {
      inputs: attentionInputs.map((name) => given(name, inputs[name])),
      context: given("context", context),
      mask: { dataType: "int32", shape: [1, sequence], data: mask },
      heads,
      window,
    },
    { linear: layers, reassociateUpTo, tilings },
  );
  const edited = ({ kernel, ...rest }: Dispatch): Dispatch =>
    edit === undefined ? { kernel, ...rest } : { kernel: { ...kernel, code: async () => edit(await kernelText(kernel)) }, ...rest };
  const dispatches = planned.dispatches.filter(({ kernel }) => only === undefined || only(kernel)).map(edited);
  const timed = await prepareTimedDispatches(live, { purpose: "attention", dispatches, buffers, contents: planned.contents });
  return {
    run: timed.run,
    floatingPointOperations: dispatches.reduce((sum, { work }) => sum + work.floatingPointOperations, 0),
    bytes: dispatches.reduce((sum, { work }) => sum + work.bytes, 0),
    kernels: dispatches.map(({ kernel }) => kernel.name),
    destroy: timed.destroy,
  };
}

const narrow = floatConversion("float32", "float16");
const widen = floatConversion("float16", "float32");

function halvesOf(values: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.byteLength / 2);
  narrow(new Uint8Array(values.buffer), bytes);
  return bytes;
}

function widened(halves: ArrayBuffer): Float32Array {
  const bytes = new Uint8Array(halves.byteLength * 2);
  widen(new Uint8Array(halves), bytes);
  return new Float32Array(bytes.buffer);
}

/** Around 0, the same for the same seed. */
function noise(length: number, seed: number, scale: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  let state = Math.imul(seed, 0x9e3779b9);
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[index] = (state / 2 ** 31 - 1) * scale;
  }
  return out;
}

/** The largest difference of values, as it is printed; NaN where one is no number. */
export function worst(found: Float32Array, expected: Float32Array): string {
  let most = 0;
  for (const [index, value] of expected.entries()) {
    const difference = Math.abs(value - (found[index] ?? Number.NaN));
    most = Number.isNaN(difference) ? Number.NaN : Math.max(most, difference);
    if (Number.isNaN(most)) break;
  }
  return most.toExponential(1);
}
