import type { DeviceFacts, DeviceLimits, MatrixUnits } from "../kernel/device-facts.ts";
import { webGpuFeatures, type WebGpuFeature } from "./web-gpu-features.ts";

/** Names of software adapters, in vendor, architecture, device or description. */
const softwareAdapters = /swiftshader|llvmpipe|lavapipe|software|warp|basic render/i;

/** Those of them that take minutes for long shaders. */
const slowCompilers = /swiftshader/i;

/**
 * What `DeviceFacts` says of a device: what it was made with, not what its adapter could do; of its features, those in `allowed`. `adapter` is
 * the info of the adapter that it came from: in Dawn's binding for Node only that tells the shapes of matrix units.
 */
export function readDeviceFacts(
  device: GPUDevice,
  allowed: readonly WebGpuFeature[] = webGpuFeatures,
  // Browsers of before 2025 give devices without it.
  adapter: GPUAdapterInfo | undefined = device.adapterInfo,
): DeviceFacts {
  return readFacts(adapter ?? untold, device.features, device.limits, allowed);
}

const untold: Partial<GPUAdapterInfo> = {};

/** The same of an adapter: what a device of it can have at most. */
export function readAdapterFacts({ info, features, limits }: GPUAdapter): DeviceFacts {
  return readFacts(info, features, limits, webGpuFeatures);
}

function readFacts(
  info: Partial<GPUAdapterInfo>,
  features: GPUSupportedFeatures,
  limits: GPUSupportedLimits,
  allowed: readonly WebGpuFeature[],
): DeviceFacts {
  const has = (feature: WebGpuFeature): boolean => allowed.includes(feature) && features.has(feature);
  const words = [info.vendor, info.architecture, info.device, info.description].filter(Boolean);
  const software = (info as { readonly isFallbackAdapter?: boolean }).isFallbackAdapter === true || softwareAdapters.test(words.join(" "));
  return {
    name: nameOf(info, software),
    kind: software ? "cpu" : "gpu",
    subgroups: has("subgroups") ? { minimum: info.subgroupMinSize ?? 4, maximum: info.subgroupMaxSize ?? 128 } : undefined,
    compilesSlowly: slowCompilers.test(words.join(" ")),
    shaderFloat16: has("shader-f16"),
    matrixUnits: has("chromium-experimental-subgroup-matrix") && has("shader-f16") && has("subgroups") ? readMatrixUnits(info) : undefined,
    timestamps: has("timestamp-query"),
    limits: readLimits(limits),
  };
}

/**
 * Model and driver, as far as they are told. Browsers keep both to themselves: vendor and architecture are all there is. The description of a software
 * adapter says it all; that of a real GPU is its driver's in Dawn.
 */
function nameOf({ vendor, architecture, device = "", description = "" }: Partial<GPUAdapterInfo>, software: boolean): string {
  if (description === "" || (software && device !== ""))
    return description || [vendor, architecture, device].filter(Boolean).join(" ") || "unnamed GPU";
  return device === "" ? description : `${device} (${description})`;
}

/** What adapters tell of the feature `chromium-experimental-subgroup-matrix`, in none of the type packages yet. */
interface SubgroupMatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

function readMatrixUnits(info: Partial<GPUAdapterInfo>): MatrixUnits | undefined {
  const { subgroupMinSize, subgroupMaxSize } = info;
  const configs = (info as { readonly subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig> }).subgroupMatrixConfigs ?? [];
  const shapes = [...configs]
    .filter(({ componentType, resultComponentType }) => componentType === "f16" && resultComponentType === "f32")
    .map(({ M, N, K }) => ({ rows: M, columns: N, inner: K }));
  if (shapes.length === 0 || subgroupMinSize === undefined || subgroupMinSize !== subgroupMaxSize) return undefined;
  return { shapes, lanes: subgroupMinSize };
}

/** Those that plans go by. */
export function readLimits(limits: GPUSupportedLimits): DeviceLimits {
  return {
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxBufferSize: limits.maxBufferSize,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
  };
}
