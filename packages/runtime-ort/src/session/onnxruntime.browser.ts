import { importModule, missing, missingModule, type OrtImports } from "./import-module.ts";
import type { OrtModule } from "./ort-module.ts";

const packages: OrtImports = {
  "onnxruntime-web": () => import("onnxruntime-web").catch(missing),
  "onnxruntime-web/webgpu": () => import("onnxruntime-web/webgpu").catch(missing),
};

/**
 * `onnxruntime-web`, with the GPU where that is asked for.
 * @throws LongspanError `module-missing`.
 */
export async function loadOnnxRuntime(providers: readonly string[], imports: OrtImports = packages): Promise<OrtModule> {
  const name = providers.includes("webgpu") ? "onnxruntime-web/webgpu" : "onnxruntime-web";
  const module = await importModule(name, imports);
  if (module !== undefined) return module;
  throw missingModule([name], "Running with onnxruntime in a browser");
}

/** onnxruntime-web chooses itself: one, where the page is not isolated from other origins. */
export const wasmThreads: number | undefined = undefined;

/** There is no onnxruntime-node in browsers. */
export const nativeThreads: number | undefined = undefined;

/** onnxruntime-web tells nobody anything. */
export function stopTelemetry(): void {}
