import { elementCount, LongspanError } from "@longspan/core";
import { formatShape } from "@longspan/core/graph";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { DeviceTensor, Dispatch, Operand, Storage } from "../kernel/kernel.ts";

/** What a tensor without elements takes all the same, and binds, in bytes: WebGPU binds no nothing. Shaders read four words at once at most. */
const minBytes = 16;

/** Bytes of a tensor in GPU memory: whole words. */
export function byteLengthOf(storage: Storage, shape: readonly number[]): number {
  const elements = elementCount(shape);
  return elements === 0 ? minBytes : Math.ceil((elements * (storage === "float16" ? 2 : 4)) / 4) * 4;
}

/** @throws LongspanError `device-limit` when no buffer of the device can hold the tensor. */
export function checkSize({ name, shape, byteLength }: DeviceTensor, { name: device, limits }: DeviceFacts): void {
  if (byteLength <= limits.maxBufferSize) return;
  throw new LongspanError(
    "device-limit",
    `The tensor ${name} ${formatShape(shape)} takes ${byteLength} bytes; a buffer of "${device}" has at most ${limits.maxBufferSize} (maxBufferSize). Use a shorter sequence or a smaller batch, precision "float16" if it is a weight, or a device with larger limits.`,
    { details: { tensor: name, byteLength, limit: "maxBufferSize", largest: limits.maxBufferSize, device } },
  );
}

/** The bytes an operand binds. */
export function boundBytes({ tensor, byteOffset = 0, byteLength }: Operand): number {
  return (byteLength ?? tensor.byteLength - byteOffset) || minBytes;
}

/** @throws LongspanError `device-limit` for a binding the device cannot make; Error for a dispatch that none could. */
export function checkDispatch(
  node: string,
  { kernel, operands, workgroups, uniforms }: Dispatch,
  { name: device, limits }: DeviceFacts,
): void {
  for (const operand of operands) {
    const bytes = boundBytes(operand);
    if (bytes <= limits.maxStorageBufferBindingSize) continue;
    throw new LongspanError(
      "device-limit",
      `The tensor ${operand.tensor.name} ${formatShape(operand.tensor.shape)} is bound with ${bytes} bytes by the kernel ${kernel.name}; "${device}" binds at most ${limits.maxStorageBufferBindingSize} (maxStorageBufferBindingSize). Use a shorter sequence or a smaller batch, or a device with larger limits.`,
      {
        details: {
          tensor: operand.tensor.name,
          byteLength: bytes,
          limit: "maxStorageBufferBindingSize",
          largest: limits.maxStorageBufferBindingSize,
          device,
        },
      },
    );
  }
  const odd =
    operands.length !== kernel.access.length
      ? `binds ${operands.length} tensors, its kernel takes ${kernel.access.length}`
      : uniforms.byteLength === 0 || uniforms.byteLength % 16 !== 0
        ? `has uniforms of ${uniforms.byteLength} bytes, no multiple of 16`
        : workgroups.some((count) => count > limits.maxComputeWorkgroupsPerDimension)
          ? `starts ${workgroups.join(" x ")} workgroups, at most ${limits.maxComputeWorkgroupsPerDimension} fit one axis`
          : undefined;
  if (odd !== undefined) throw new Error(`The dispatch of ${kernel.name} for ${node} ${odd}.`);
}
