import { elementCount, LongspanError } from "@longspan/core";
import { floatConversion } from "@longspan/core/adapter";
import type { Graph } from "@longspan/core/graph";
import { type PrepareOptions, readParameterPieces, type Weights } from "@longspan/core/runtime";
import { required } from "../kernel/required.ts";
import { bufferUsage } from "../device/gpu-constants.ts";
import type { LiveDevice } from "../device/live-device.ts";
import { destroyAll } from "../device/timed-dispatches.ts";
import type { DeviceTensor } from "../kernel/kernel.ts";
import { checkSize, deviceTensor } from "../kernel/tensor-bytes.ts";

/** The weights of a session in GPU memory, each in a buffer of its own. */
export interface DeviceWeights {
  readonly tensors: ReadonlyMap<string, DeviceTensor>;
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  destroy(): void;
}

/**
 * How the weights of a graph lie in GPU memory, when those in `halved` are kept as float16. Lists in `joined`, of one shape each and whole words,
 * are rows of one tensor, which has a name of its own.
 */
export function weightTensors(
  graph: Graph,
  halved: ReadonlySet<string>,
  joined: readonly (readonly string[])[] = [],
): ReadonlyMap<string, DeviceTensor> {
  const tensors = new Map(
    graph.parameters.map(({ name, shape }): [string, DeviceTensor] => [
      name,
      deviceTensor(name, halved.has(name) ? "float16" : "float32", shape.map(Number)),
    ]),
  );
  for (const names of joined) {
    const parts = names.flatMap((name) => tensors.get(name) ?? []);
    const [first] = parts;
    if (first === undefined) continue;
    const { storage, byteLength } = first;
    const shape = [(first.shape[0] ?? 1) * parts.length, ...first.shape.slice(1)];
    const tensor: DeviceTensor = { name: names.join(" + "), shape, storage, byteLength: byteLength * parts.length };
    tensors.set(tensor.name, tensor);
    for (const [at, part] of parts.entries()) tensors.set(part.name, { ...part, rowsOf: { tensor, byteOffset: at * byteLength } });
  }
  return tensors;
}

/** How much may be on its way to the GPU, in bytes: WebGPU copies what it is given, and keeps the copy until it has arrived. */
const maxOnItsWay = 32 * 2 ** 20;
/**
 * What is read, and written with one call, in elements: 32 MiB, up to which a turned matrix is gathered whole; even, so that float16 pieces are
 * whole words.
 */
const pieceElements = 2 ** 23;

/**
 * Reads the weights of a graph piece by piece into GPU buffers, as `weightTensors` says; float16 ones are rounded, two to a word.
 * @throws LongspanError what `readParameters` throws; `value-overflow` for a weight float16 cannot hold; `device-limit`;
 * `out-of-memory`; `device-lost`.
 */
export async function loadWeights(
  live: LiveDevice,
  graph: Graph,
  weights: Weights,
  tensors: ReadonlyMap<string, DeviceTensor>,
  options: Pick<PrepareOptions, "signal" | "onProgress"> = {},
): Promise<DeviceWeights> {
  for (const tensor of tensors.values()) checkSize(tensor, live.facts);
  const buffers = new Map<string, GPUBuffer>();
  const destroy = (): void => {
    destroyAll(buffers.values());
    buffers.clear();
  };
  let onItsWay = 0;
  const arrived = async (): Promise<void> => {
    await live.guard(live.device.queue.onSubmittedWorkDone());
    onItsWay = 0;
  };
  try {
    let overflows = 0;
    for await (const { parameter, start, data } of readParameterPieces(graph, weights, { ...options, maxElements: pieceElements })) {
      const { name } = parameter;
      const tensor = required(tensors.get(name), name);
      const { tensor: whole, byteOffset } = tensor.rowsOf ?? { tensor, byteOffset: 0 };
      const buffer = buffers.get(whole.name) ?? (await live.createBuffer(`the weight ${whole.name}`, whole.byteLength, weightUsage));
      buffers.set(whole.name, buffer);
      const piece = tensor.storage === "float16" ? toFloat16(data) : { bytes: bytesOf(data), width: 4, overflows: 0 };
      await live.scoped(`writing ${name}`, () => live.device.queue.writeBuffer(buffer, byteOffset + start * piece.width, piece.bytes));
      overflows = (start === 0 ? 0 : overflows) + piece.overflows;
      if (overflows > 0 && start + data.length === elementCount(tensor.shape)) throw overflow(name, overflows);
      onItsWay += piece.bytes.byteLength;
      if (onItsWay >= maxOnItsWay) await arrived();
    }
    await arrived();
  } catch (error) {
    destroy();
    throw error;
  }
  return { tensors, buffers, destroy };
}

const weightUsage = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination;

function bytesOf(data: Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

const narrow = /*#__PURE__*/ floatConversion("float32", "float16");

/** Whole words: an odd number of elements is followed by a zero. */
function toFloat16(data: Float32Array): { readonly bytes: Uint8Array<ArrayBuffer>; readonly width: number; readonly overflows: number } {
  const bytes = new Uint8Array(Math.ceil(data.length / 2) * 4);
  const { overflows } = narrow(bytesOf(data), bytes.subarray(0, data.length * 2));
  return { bytes, width: 2, overflows };
}

function overflow(name: string, overflows: number): LongspanError {
  return new LongspanError(
    "value-overflow",
    `The weight "${name}" has ${overflows} values beyond what float16 holds (65504). Use precision "float32".`,
    { details: { tensor: name, overflows, dataType: "float16" } },
  );
}
