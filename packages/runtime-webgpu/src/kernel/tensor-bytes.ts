import { elementCount, LongspanError } from "@longspan/core";
import { formatShape } from "@longspan/core/graph";
import type { DeviceFacts } from "./device-facts.ts";
import type { DeviceTensor, Operand, Storage } from "./kernel.ts";

/** What a tensor without elements takes all the same, and binds, in bytes: WebGPU binds no nothing. Shaders read four words at once at most. */
const minBytes = 16;

/** Bytes of a tensor in GPU memory: whole words. */
export function byteLengthOf(storage: Storage, shape: readonly number[]): number {
  const elements = elementCount(shape);
  return elements === 0 ? minBytes : Math.ceil((elements * (storage === "float16" ? 2 : 4)) / 4) * 4;
}

/** A tensor that is memory of its own. */
export function deviceTensor(name: string, storage: Storage, shape: readonly number[]): DeviceTensor {
  return { name, storage, shape, byteLength: byteLengthOf(storage, shape) };
}

/** Makes scratch memory for a plan that is for itself: each with another name. */
export function scratchTensors(): (storage: Storage, elements: number) => DeviceTensor {
  let made = 0;
  return (storage, elements) => deviceTensor(`scratch ${made++}`, storage, [elements]);
}

/** The bytes an operand binds. */
export function boundBytes({ tensor, byteOffset = 0, byteLength }: Operand): number {
  return (byteLength ?? tensor.byteLength - byteOffset) || minBytes;
}

/** @throws LongspanError `device-limit` when no buffer of the device can hold the tensor. */
export function checkSize({ name, shape, byteLength }: DeviceTensor, { name: device, limits }: DeviceFacts): void {
  if (byteLength <= limits.maxBufferSize) return;
  throw new LongspanError(
    "device-limit",
    `The tensor ${name} ${formatShape(shape)} takes ${byteLength} bytes; a buffer of "${device}" has at most ${limits.maxBufferSize} (maxBufferSize). Use a shorter sequence or a smaller batch, precision "float16" if it is a weight, or a device with larger limits.`,
    { details: { tensor: name, limit: "maxBufferSize", found: byteLength, allowed: limits.maxBufferSize, device } },
  );
}
