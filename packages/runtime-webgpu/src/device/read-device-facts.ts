import type { DeviceFacts } from "./device-facts.ts";

/** Names of software adapters, in vendor, architecture, device or description. */
const softwareAdapters = /swiftshader|llvmpipe|lavapipe|software|warp|basic render/i;

/** What `DeviceFacts` says of a device: what it was made with, not what its adapter could do. */
export function readDeviceFacts(device: GPUDevice): DeviceFacts {
  const { adapterInfo: info, features, limits } = device;
  const words = [info.vendor, info.architecture, info.device, info.description].filter((word) => word !== "");
  const software = (info as { readonly isFallbackAdapter?: boolean }).isFallbackAdapter === true || softwareAdapters.test(words.join(" "));
  return {
    name: [...new Set(words)].join(" ") || "unnamed GPU",
    kind: software ? "cpu" : "gpu",
    subgroups: features.has("subgroups") ? { minimum: info.subgroupMinSize ?? 4, maximum: info.subgroupMaxSize ?? 128 } : undefined,
    shaderFloat16: features.has("shader-f16"),
    timestamps: features.has("timestamp-query"),
    limits: {
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      minStorageBufferOffsetAlignment: limits.minStorageBufferOffsetAlignment,
      minUniformBufferOffsetAlignment: limits.minUniformBufferOffsetAlignment,
    },
  };
}
