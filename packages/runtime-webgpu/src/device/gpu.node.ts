import { LongspanError } from "@longspan/core";

/**
 * What Dawn is told to allow (its "toggles"): features that are no standard yet, of which matrix units are one, and arithmetic in halves on
 * NVIDIA's GPUs, which Dawn withholds because rounding there fails some of its conformance tests (crbug.com/42251215). Where kernels compute in
 * halves, they are held to their own tolerance.
 */
const enabled = ["allow_unsafe_apis", "vulkan_enable_f16_on_nvidia"] as const;
/** Times are rounded to 65 microseconds unless told otherwise: a guard for web pages, of which there are none here. */
const disabled = ["timestamp_quantization"] as const;

let opened: GPU | undefined;

/**
 * The GPU interface of this process: Dawn, from the package `webgpu`.
 *
 * The object is kept for as long as the module lives: once it is collected, its adapters and devices crash the process.
 * @throws LongspanError `module-missing`.
 */
export async function openGpu(): Promise<GPU> {
  if (opened !== undefined) return opened;
  let dawn: { create(options: string[]): GPU };
  try {
    dawn = await import("webgpu");
  } catch (cause) {
    throw new LongspanError("module-missing", 'Running on the GPU in Node needs the package "webgpu" (Dawn): npm install webgpu', {
      details: { module: "webgpu" },
      cause,
    });
  }
  opened ??= dawn.create([`enable-dawn-features=${enabled.join(",")}`, `disable-dawn-features=${disabled.join(",")}`]);
  return opened;
}

/** Whether open promises of the GPU's keep the process busy: Dawn asks the driver again and again for as long as there are any. */
export const promisesAreAskedFor: boolean = true;
