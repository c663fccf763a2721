import { elementCount, LongspanError } from "@longspan/core";
import { formatShape } from "@longspan/core/graph";
import type { DeviceFacts, DeviceLimits } from "./device-facts.ts";
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
export function checkSize({ name, shape, byteLength }: DeviceTensor, { limits }: DeviceFacts): void {
  const what = `The tensor ${name} ${formatShape(shape)} takes ${byteLength} bytes`;
  if (byteLength > limits.maxBufferSize)
    throw beyondLimit(what, "has buffers of at most", "maxBufferSize", byteLength, limits, { tensor: name });
}

/** `what` takes more than a device allows: "the tensor x takes 8 bytes", of which it "binds at most" so many. `named`: what programs find it by. */
export function beyondLimit(
  what: string,
  allows: string,
  limit: keyof DeviceLimits,
  found: number,
  limits: DeviceLimits,
  named?: { readonly tensor?: string; readonly node?: string },
): LongspanError {
  return new LongspanError(
    "device-limit",
    `${what}; this device ${allows} ${limits[limit]} (${limit}). Run a smaller batch or a shorter sequence, keep weights as float16 (precision "float16"), or ask the adapter for a device with a higher limit.`,
    { details: { ...named, limit, found, allowed: limits[limit] } },
  );
}
