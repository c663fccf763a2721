import { LongspanError } from "@longspan/core";

/**
 * The browser's GPU interface, in a page or a worker.
 * @throws LongspanError `device-missing` where the browser has none.
 */
export async function openGpu(): Promise<GPU> {
  const { gpu } = navigator as { readonly gpu?: GPU };
  if (gpu !== undefined) return gpu;
  throw new LongspanError(
    "device-missing",
    "This browser has no WebGPU here: it needs a secure context (https or localhost) and Chrome or Edge 113, Safari 26 or Firefox 141 and newer.",
  );
}

/** What to do where there is a GPU interface, but no adapter. */
export const adapterRemedy: string = "Enable hardware acceleration in this browser's settings";

/** Whether open promises of the GPU's keep the process busy: browsers wait in a process of their own. */
export const promisesAreAskedFor: boolean = false;
