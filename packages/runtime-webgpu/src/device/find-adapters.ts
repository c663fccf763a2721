import { openGpu } from "#gpu";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import { readAdapterFacts } from "./read-device-facts.ts";

/** An adapter of this machine, as data. */
export interface AdapterDescription extends DeviceFacts {
  /** All of WebGPU's optional features that it has, also those nothing here makes use of. */
  readonly features: readonly string[];
}

/**
 * The GPU adapters that WebGPU offers here, the one that is taken by default first; none is a machine without one. WebGPU has no list:
 * these are its answers to the preferences it knows.
 * @throws LongspanError `module-missing` (Node without the package `webgpu`), `device-missing` (a browser without WebGPU).
 */
export async function findAdapters(): Promise<readonly AdapterDescription[]> {
  const gpu = await openGpu();
  const requests: readonly GPURequestAdapterOptions[] = [
    { powerPreference: "high-performance" },
    { powerPreference: "low-power" },
    { forceFallbackAdapter: true },
  ];
  const found = new Map<string, AdapterDescription>();
  for (const request of requests) {
    const adapter = await gpu.requestAdapter(request);
    if (adapter === null) continue;
    const description = { ...readAdapterFacts(adapter), features: [...adapter.features].toSorted() };
    const key = JSON.stringify(description);
    if (!found.has(key)) found.set(key, description);
  }
  return [...found.values()];
}
