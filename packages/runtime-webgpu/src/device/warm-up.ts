import type { Dispatch } from "../kernel/kernel.ts";
import { bufferUsage } from "./gpu-constants.ts";
import type { LiveDevice } from "./live-device.ts";
import { bindGroup } from "./pipeline-cache.ts";
import { destroyAll } from "./timed-dispatches.ts";

/** Of each binding: a multiple of what bindings begin at, and of any matrix that a kernel loads from one; Dawn refuses bindings that are smaller. */
const bindingBytes = 4096;

/**
 * Compiles kernels side by side and has the GPU start each once, with all sizes zero: some drivers (lavapipe among them) leave the better
 * part of compiling to the first start.
 */
export async function warmUp(live: LiveDevice, dispatches: readonly Dispatch[]): Promise<void> {
  const { device } = live;
  const compiled = await Promise.all(dispatches.map(async (dispatch) => ({ dispatch, kernel: await live.pipelines.get(dispatch.kernel) })));
  const maxBytes = Math.max(
    0,
    ...dispatches.map(({ uniforms, operands }) => Math.max(uniforms.byteLength, operands.length * bindingBytes)),
  );
  if (maxBytes === 0) return;
  const buffers: GPUBuffer[] = [];
  const zeros = (usage: number): GPUBuffer => {
    const buffer = device.createBuffer({ label: "warm-up", size: maxBytes, usage });
    buffers.push(buffer);
    return buffer;
  };
  try {
    await live.scoped("warming up", () => {
      const uniform = zeros(bufferUsage.uniform);
      const places = { read: zeros(bufferUsage.storage), write: zeros(bufferUsage.storage) };
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (const { dispatch, kernel } of compiled) {
        const storages = dispatch.kernel.access.map((way, index) => ({
          buffer: places[way],
          offset: index * bindingBytes,
          size: bindingBytes,
        }));
        pass.setPipeline(kernel.pipeline);
        pass.setBindGroup(0, bindGroup(device, kernel, [{ buffer: uniform, size: dispatch.uniforms.byteLength }, ...storages]));
        pass.dispatchWorkgroups(1);
      }
      pass.end();
      device.queue.submit([encoder.finish()]);
    });
    await live.guard(device.queue.onSubmittedWorkDone());
  } finally {
    destroyAll(buffers);
  }
}
