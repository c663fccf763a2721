import { LongspanError } from "@longspan/core";
import type { GraphTensor } from "@longspan/core/graph";
import { mapMode } from "../device/gpu-constants.ts";
import type { GraphPlan, PlannedOutput } from "../plan/graph-plan.ts";
import { placeOf } from "./bind-plan.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { DeviceWeights } from "./load-weights.ts";

/** To be recorded behind a plan's last step. `readback`: in the order of the plan's arenas. */
export function copyOutputs(
  encoder: GPUCommandEncoder,
  plan: GraphPlan,
  { pool, weights }: { readonly pool: BufferPool; readonly weights: DeviceWeights },
  readback: readonly GPUBuffer[],
): void {
  for (const output of plan.outputs) {
    if (!isRead(output)) continue;
    const weight = weights.buffers.get(output.root);
    const source = weight === undefined ? placeOf(plan, pool, output.root) : { buffer: weight, offset: 0 };
    const target = readbackOf(output, plan, readback);
    encoder.copyBufferToBuffer(source.buffer, source.offset, target.buffer, target.offset, output.byteLength);
  }
}

/** Waits for the GPU to have written the outputs. */
export async function mapOutputs({ readback: { arenas } }: GraphPlan, buffers: readonly GPUBuffer[], device: GPUDevice): Promise<void> {
  if (arenas.length === 0) await device.queue.onSubmittedWorkDone();
  else await Promise.all(buffers.slice(0, arenas.length).map((buffer, arena) => buffer.mapAsync(mapMode.read, 0, arenas[arena])));
}

const pageBytes = 4096;

/**
 * Memory for the outputs, by their names, every page of which has been written to: new memory costs more to touch than to copy into (a
 * gigabyte a second on some systems), and while the GPU computes the host has nothing else to do.
 * @throws LongspanError `out-of-memory`.
 */
export function hostMemory({ outputs }: GraphPlan): ReadonlyMap<string, ArrayBuffer> {
  return new Map(
    outputs.filter(isRead).map(({ name, byteLength }) => {
      const bytes = bytesFor(name, byteLength);
      for (let at = 0; at < byteLength; at += pageBytes) bytes[at] = 1;
      return [name, bytes.buffer];
    }),
  );
}

function bytesFor(output: string, byteLength: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(byteLength);
  } catch (cause) {
    throw new LongspanError(
      "out-of-memory",
      `The host has no memory for the output ${output} (${byteLength} bytes). Use a shorter sequence or a smaller batch, or ask for fewer outputs.`,
      { details: { purpose: output, byteLength }, cause },
    );
  }
}

/** All outputs of a run, once their buffers are mapped; `known` is what the host computed. */
export function readOutputs(
  plan: GraphPlan,
  known: ReadonlyMap<string, GraphTensor>,
  readback: readonly GPUBuffer[],
  memory: ReadonlyMap<string, ArrayBuffer>,
): Record<string, GraphTensor> {
  return Object.fromEntries(
    plan.outputs.map((output): [string, GraphTensor] => {
      const { name, dataType, shape, source, root, byteLength } = output;
      if (source === "none") return [name, toTensor(dataType, shape, new ArrayBuffer(0))];
      const value = known.get(root);
      if (value !== undefined) return [name, { ...copyOf(value), shape }];
      const { buffer, offset } = readbackOf(output, plan, readback);
      const words = memory.get(name) ?? new ArrayBuffer(byteLength);
      copyBytes(buffer.getMappedRange(offset, byteLength), words);
      return [name, toTensor(dataType, shape, words)];
    }),
  );
}

/**
 * What is copied with one call. The C library copies more than some share of the processor's cache past the cache, which is right for what nobody
 * reads soon and half as fast where both sides are in it, as here: the GPU has just written one, the host the other.
 */
const bytesOfOneCopy = 256 * 1024;

/** Copies all of `from` to the beginning of `to`. */
function copyBytes(from: ArrayBuffer, to: ArrayBuffer): void {
  const bytes = new Uint8Array(to);
  for (let at = 0; at < from.byteLength; at += bytesOfOneCopy)
    bytes.set(new Uint8Array(from, at, Math.min(bytesOfOneCopy, from.byteLength - at)), at);
}

function isRead({ source }: PlannedOutput): boolean {
  return source === "work" || source === "parameter";
}

function readbackOf(
  { name }: PlannedOutput,
  { readback }: GraphPlan,
  buffers: readonly GPUBuffer[],
): { readonly buffer: GPUBuffer; readonly offset: number } {
  const placement = readback.placements.get(name);
  const buffer = placement === undefined ? undefined : buffers[placement.arena];
  if (placement === undefined || buffer === undefined) throw new TypeError(`the output ${name} has no memory to be read from`);
  return { buffer, offset: placement.offset };
}

function toTensor(dataType: GraphTensor["dataType"], shape: readonly number[], words: ArrayBuffer): GraphTensor {
  if (dataType === "float32") return { dataType, shape, data: new Float32Array(words) };
  if (dataType === "int32") return { dataType, shape, data: new Int32Array(words) };
  return { dataType, shape, data: Uint8Array.from(new Int32Array(words)) };
}

function copyOf(tensor: GraphTensor): GraphTensor {
  if (tensor.dataType === "float32") return { ...tensor, data: tensor.data.slice() };
  if (tensor.dataType === "int32") return { ...tensor, data: tensor.data.slice() };
  return { ...tensor, data: tensor.data.slice() };
}
