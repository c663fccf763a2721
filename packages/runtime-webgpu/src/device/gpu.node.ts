import { LongspanError } from "@longspan/core";

/**
 * What Dawn is told to allow (its "toggles"): features that are no standard yet, of which matrix units are one, and arithmetic in halves on
 * NVIDIA's GPUs, which Dawn withholds because rounding there fails some of its conformance tests (crbug.com/42251215). Where kernels compute in
 * halves, they are held to their own tolerance.
 */
const enabled = ["allow_unsafe_apis", "vulkan_enable_f16_on_nvidia"] as const;
/** Times are rounded to 65 microseconds unless told otherwise: a guard for web pages, of which there are none here. */
const disabled = ["timestamp_quantization"] as const;

/** What there is to the package `webgpu`. */
interface Dawn {
  create(options: string[]): GPU;
}

let opened: GPU | undefined;

/**
 * The GPU interface of this process: Dawn, from the package `webgpu`.
 *
 * The object is kept for as long as the module lives: once it is collected, its adapters and devices crash the process.
 * @throws LongspanError `module-missing`.
 */
export async function openGpu(): Promise<GPU> {
  if (opened !== undefined) return opened;
  // Bundlers only warn of a package that is not there where its import is caught on the spot.
  const found = await startDawn(() => import("webgpu").catch(missing));
  return (opened ??= found);
}

function missing(cause: unknown): never {
  throw cause;
}

/**
 * Dawn, by what imports it.
 * @throws LongspanError `module-missing`: it is not installed; or it is, but its library cannot be loaded or does not start.
 */
export async function startDawn(importDawn: () => Promise<Dawn>): Promise<GPU> {
  try {
    const dawn = await importDawn();
    return dawn.create([`enable-dawn-features=${enabled.join(",")}`, `disable-dawn-features=${disabled.join(",")}`]);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new LongspanError(
      "module-missing",
      isNotInstalled(cause, said)
        ? 'Running on the GPU in Node needs the package "webgpu" (Dawn): npm install webgpu'
        : `The package "webgpu" (Dawn) is installed, but cannot be loaded (${said}). Install it again on this system (${process.platform}, ${process.arch}), or use another runtime.`,
      { details: { module: "webgpu" }, cause },
    );
  }
}

/** The package itself is looked for by `import`; what it then looks for by `require` is its library. */
function isNotInstalled(cause: unknown, said: string): boolean {
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" || (code === "MODULE_NOT_FOUND" && !said.includes("dawn.node"));
}

/** What to do where there is a GPU interface, but no adapter. */
export const adapterRemedy: string =
  "Install your GPU's driver (on Linux its Vulkan driver, or mesa-vulkan-drivers, which has one in software, lavapipe)";

/** Whether open promises of the GPU's keep the process busy: Dawn asks the driver again and again for as long as there are any. */
export const promisesAreAskedFor: boolean = true;
