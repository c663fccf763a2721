import { formatShape } from "@longspan/core/graph";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { Dispatch } from "../kernel/kernel.ts";
import { beyondLimit, boundBytes } from "../kernel/tensor-bytes.ts";
import { overLimit } from "../kernels/parts/dispatching.ts";

/**
 * @throws LongspanError `device-limit` for a dispatch that is more than the device takes: bytes of a binding, bindings, workgroups along an axis;
 * Error for one that no device could.
 */
export function checkDispatch(node: string, { kernel, operands, workgroups, uniforms }: Dispatch, { limits }: DeviceFacts): void {
  for (const operand of operands) {
    const { tensor } = operand;
    const bytes = boundBytes(operand);
    if (bytes > limits.maxStorageBufferBindingSize)
      throw overLimit(`The tensor ${tensor.name} ${formatShape(tensor.shape)}`, bytes, limits, tensor.name);
  }
  const most = [
    ["maxStorageBuffersPerShaderStage", operands.length, "storage buffers at once"],
    ["maxComputeWorkgroupsPerDimension", Math.max(...workgroups), "workgroups along one axis"],
  ] as const;
  for (const [limit, found, what] of most) {
    if (found > limits[limit])
      throw beyondLimit(`The kernel ${kernel.name} for ${node} takes ${found} ${what}`, "takes at most", limit, found, limits, { node });
  }
  const odd =
    operands.length !== kernel.access.length
      ? `binds ${operands.length} tensors, its kernel takes ${kernel.access.length}`
      : uniforms.byteLength === 0 || uniforms.byteLength % 16 !== 0
        ? `has uniforms of ${uniforms.byteLength} bytes, no multiple of 16`
        : undefined;
  if (odd !== undefined) throw new Error(`The dispatch of ${kernel.name} for ${node} ${odd}.`);
}
