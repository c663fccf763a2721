import { LongspanError } from "@longspan/core";
import { adapterRemedy, openGpu } from "#gpu";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { DeviceOptions } from "./device-options.ts";
import { readAdapterFacts, readDeviceFacts, readLimits } from "./read-device-facts.ts";
import { webGpuFeatures, type WebGpuFeature } from "./web-gpu-features.ts";

/** What to ask of an adapter to get its own limits, of those that are raised. */
export function adapterLimits({ limits }: GPUAdapter): Record<string, number> {
  const { maxComputeWorkgroupsPerDimension: _, ...raised } = readLimits(limits);
  return raised;
}

/**
 * A device by the options.
 * @throws LongspanError `module-missing`, `device-missing`, `feature-missing`.
 */
export async function openDevice(options: DeviceOptions): Promise<{ readonly device: GPUDevice; readonly facts: DeviceFacts }> {
  const { features, limits = "adapter" } = options;
  if (options.device !== undefined) {
    checkFeatures(features, options.device.features, readDeviceFacts(options.device).name, "device");
    return { device: options.device, facts: readDeviceFacts(options.device, features, options.adapter?.info) };
  }
  const adapter = options.adapter ?? (await requestAdapter(options.powerPreference));
  const { name } = readAdapterFacts(adapter);
  checkFeatures(features, adapter.features, name, "adapter");
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      requiredFeatures: [...(features ?? webGpuFeatures)].filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
      requiredLimits: limits === "default" ? {} : adapterLimits(adapter),
    });
  } catch (cause) {
    throw new LongspanError(
      "device-missing",
      `The GPU adapter "${name}" gives no device: ${cause instanceof Error ? cause.message : String(cause)}. An adapter gives one device only: pass a new one, or none, so that one is found.`,
      { details: { adapter: name }, cause },
    );
  }
  return { device, facts: readDeviceFacts(device, features, adapter.info) };
}

async function requestAdapter(powerPreference: GPUPowerPreference = "high-performance"): Promise<GPUAdapter> {
  const adapter = await (await openGpu()).requestAdapter({ powerPreference });
  if (adapter !== null) return adapter;
  throw new LongspanError("device-missing", `No GPU adapter was found. ${adapterRemedy}, or use another runtime.`);
}

/** @throws LongspanError `argument-invalid`, `feature-missing`. */
function checkFeatures(
  wanted: readonly WebGpuFeature[] = [],
  present: GPUSupportedFeatures,
  name: string,
  kind: "adapter" | "device",
): void {
  const unknown = wanted.find((feature) => !webGpuFeatures.includes(feature));
  if (unknown !== undefined) {
    throw new LongspanError(
      "argument-invalid",
      `There is no use for the WebGPU feature "${unknown}"; it can be ${webGpuFeatures.join(", ")}.`,
      {
        details: { feature: unknown },
      },
    );
  }
  const missing = wanted.filter((feature) => !present.has(feature));
  const remedy = kind === "device" ? "Request the device with it (requiredFeatures)" : "Leave it out of `features`";
  if (missing.length > 0) throw featureMissing(missing, `${kind} "${name}"`, remedy);
}

export function featureMissing(missing: readonly WebGpuFeature[], where: string, remedy: string): LongspanError {
  return new LongspanError("feature-missing", `The GPU ${where} has no ${missing.join(", ")}. ${remedy}, or use another GPU.`, {
    details: { features: [...missing] },
  });
}
