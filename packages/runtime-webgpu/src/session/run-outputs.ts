import { LongspanError } from "@longspan/core";
import type { GraphTensor } from "@longspan/core/graph";
import type { RunOptions } from "@longspan/core/runtime";
import { mapMode } from "../device/gpu-constants.ts";
import type { GraphPlan, ReadbackBuffer } from "../plan/graph-plan.ts";

const pageBytes = 4096;

/**
 * Memory for the outputs, by their names: that of `reuse` where it fits, else new, every page of which has been written to. New memory costs more to
 * touch than to copy into (a gigabyte a second on some systems), and while the GPU computes the host has nothing else to do.
 * @throws LongspanError `out-of-memory`.
 */
export function hostMemory({ outputs }: GraphPlan, reuse: RunOptions["reuse"]): ReadonlyMap<string, ArrayBuffer> {
  return new Map(
    outputs
      .filter(({ source }) => source === "work" || source === "parameter")
      .map(({ name, byteLength }) => [name, takenMemory(reuse?.[name], byteLength) ?? newMemory(name, byteLength)]),
  );
}

/**
 * Its tensor is left empty: whoever still looks at it, or gives it twice, sees no values of another run. What cannot be taken away (WebAssembly's memory)
 * is left alone.
 */
function takenMemory(tensor: GraphTensor | undefined, byteLength: number): ArrayBuffer | undefined {
  const memory = tensor?.data.buffer;
  if (!(memory instanceof ArrayBuffer) || memory.byteLength !== byteLength || tensor?.data.byteLength !== byteLength) return undefined;
  try {
    return structuredClone(memory, { transfer: [memory] });
  } catch {
    return undefined;
  }
}

function newMemory(output: string, byteLength: number): ArrayBuffer {
  const bytes = bytesFor(output, byteLength);
  for (let at = 0; at < byteLength; at += pageBytes) bytes[at] = 1;
  return bytes.buffer;
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

/** A buffer that outputs come in, and what of them. */
export interface OutputRead {
  readonly placed: ReadbackBuffer;
  readonly buffer: GPUBuffer;
}

/** Waits for the GPU to have written the buffer, calls `arrived`, and copies what came into the outputs' memory. */
export async function readPieces(
  { placed: { pieces, byteLength }, buffer }: OutputRead,
  memory: ReadonlyMap<string, ArrayBuffer>,
  arrived: () => void,
): Promise<void> {
  await buffer.mapAsync(mapMode.read, 0, byteLength);
  arrived();
  for (const { output, from, offset, byteLength: length } of pieces) {
    const words = memory.get(output);
    if (words === undefined) throw new TypeError(`the output ${output} has no memory`);
    copyBytes(buffer.getMappedRange(offset, length), new Uint8Array(words, from, length));
  }
  buffer.unmap();
}

/** All outputs of a run: `known` is what the host computed, `memory` what was read. */
export function outputsOf(
  { outputs }: GraphPlan,
  known: ReadonlyMap<string, GraphTensor>,
  memory: ReadonlyMap<string, ArrayBuffer>,
): Record<string, GraphTensor> {
  return Object.fromEntries(
    outputs.map(({ name, dataType, shape, root }): [string, GraphTensor] => {
      const value = known.get(root);
      return [name, value === undefined ? toTensor(dataType, shape, memory.get(name) ?? new ArrayBuffer(0)) : { ...copyOf(value), shape }];
    }),
  );
}

/**
 * What is copied with one call. The C library copies more than some share of the processor's cache past the cache, which is right for what nobody
 * reads soon; where both sides are in it, as here (the GPU has just written one, the host the other), 12.6 MB took a third longer that way on a Xeon
 * beside an H200.
 */
const bytesOfOneCopy = 256 * 1024;

function copyBytes(from: ArrayBuffer, to: Uint8Array): void {
  for (let at = 0; at < from.byteLength; at += bytesOfOneCopy)
    to.set(new Uint8Array(from, at, Math.min(bytesOfOneCopy, from.byteLength - at)), at);
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
