import { globals } from "webgpu";

/** The buffers of all devices of this process that were made and not destroyed. */
export interface StandingBuffers {
  count: number;
  bytes: number;
}

/** Counts them from now on: in what all devices inherit, so that no device has to be passed. */
export function countGpuBuffers(): StandingBuffers {
  const standing: StandingBuffers = { count: 0, bytes: 0 };
  const sizes = new WeakMap<object, number>();
  const { GPUDevice: Device, GPUBuffer: Buffer } = globals as unknown as {
    GPUDevice: { prototype: GPUDevice };
    GPUBuffer: { prototype: GPUBuffer };
  };
  const { createBuffer } = Device.prototype;
  const { destroy } = Buffer.prototype;
  Device.prototype.createBuffer = function counted(this: GPUDevice, descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    sizes.set(buffer, descriptor.size);
    standing.count++;
    standing.bytes += descriptor.size;
    return buffer;
  };
  Buffer.prototype.destroy = function counted(this: GPUBuffer) {
    const size = sizes.get(this);
    if (size !== undefined) {
      sizes.delete(this);
      standing.count--;
      standing.bytes -= size;
    }
    return destroy.call(this);
  };
  return standing;
}
