/** How often a device was asked for things that take long or take memory, and what of it is still there. */
export interface DeviceCounts {
  buffersCreated: number;
  buffersStanding: number;
  bytesStanding: number;
  pipelinesCreated: number;
  bindGroupsCreated: number;
}

/** Counts the calls of a device from now on. */
export function countCalls(device: GPUDevice): DeviceCounts {
  const counts: DeviceCounts = { buffersCreated: 0, buffersStanding: 0, bytesStanding: 0, pipelinesCreated: 0, bindGroupsCreated: 0 };
  const createBuffer = device.createBuffer.bind(device);
  const createPipeline = device.createComputePipelineAsync.bind(device);
  const createBindGroup = device.createBindGroup.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    let standing = true;
    counts.buffersCreated++;
    counts.buffersStanding++;
    counts.bytesStanding += descriptor.size;
    buffer.destroy = () => {
      if (standing) {
        counts.buffersStanding--;
        counts.bytesStanding -= descriptor.size;
      }
      standing = false;
      return destroy();
    };
    return buffer;
  };
  device.createComputePipelineAsync = (descriptor) => {
    counts.pipelinesCreated++;
    return createPipeline(descriptor);
  };
  device.createBindGroup = (descriptor) => {
    counts.bindGroupsCreated++;
    return createBindGroup(descriptor);
  };
  return counts;
}
