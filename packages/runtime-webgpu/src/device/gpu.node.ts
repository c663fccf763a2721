import { LongspanError } from "@longspan/core";

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
  // Times are rounded to 65 microseconds unless told otherwise: a guard for web pages, of which there are none here.
  opened ??= dawn.create(["disable-dawn-features=timestamp_quantization"]);
  return opened;
}
