import type { DeviceFacts } from "../kernel/device-facts.ts";

/** A GPU that has what WebGPU guarantees, and no more (specification, "Limits"). */
export const defaultFacts: DeviceFacts = {
  name: "a GPU with WebGPU's default limits",
  kind: "gpu",
  subgroups: undefined,
  compilesSlowly: false,
  shaderFloat16: false,
  matrixUnits: undefined,
  timestamps: false,
  limits: {
    maxStorageBufferBindingSize: 2 ** 27,
    maxBufferSize: 2 ** 28,
    maxStorageBuffersPerShaderStage: 8,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupSizeX: 256,
    maxComputeWorkgroupsPerDimension: 65535,
  },
};
