import { availableParallelism } from "node:os";
import { importModule, missing, missingModule, type OrtImports } from "./import-module.ts";
import type { OrtModule } from "./ort-module.ts";

const packages: OrtImports = {
  "onnxruntime-node": () => import("onnxruntime-node").catch(missing),
  "onnxruntime-web": () => import("onnxruntime-web").catch(missing),
  "onnxruntime-web/webgpu": () => import("onnxruntime-web/webgpu").catch(missing),
};

/** What only onnxruntime-web has. */
const webProviders: ReadonlySet<string> = new Set(["wasm", "webnn"]);

/**
 * `onnxruntime-node`, or else `onnxruntime-web`; for a provider that only the latter has, that one.
 * @throws LongspanError `module-missing`.
 */
export async function loadOnnxRuntime(providers: readonly string[], imports: OrtImports = packages): Promise<OrtModule> {
  const web = providers.includes("webgpu") ? "onnxruntime-web/webgpu" : "onnxruntime-web";
  const names = providers.some((provider) => webProviders.has(provider)) ? [web] : ["onnxruntime-node", web];
  for (const name of names) {
    const module = await importModule(name, imports);
    if (module !== undefined) return module;
  }
  throw missingModule(names, "Running with onnxruntime in Node");
}

/** onnxruntime-web leaves it at one in Node. */
export const wasmThreads: number | undefined = /*#__PURE__*/ availableParallelism();

/** onnxruntime-node counts the machine's cores, not those that this process may use. */
export const nativeThreads: number | undefined = /*#__PURE__*/ availableParallelism();

/**
 * onnxruntime-node 1.30 and later notes what it does, the process's command line and the machine's number, keeps that in the user's cache, and sends it to its makers. It looks
 * for the wish not to when it makes its first session (core/platform/posix/telemetry.cc); a variable that is set, whichever way, is the user's own wish.
 */
export function stopTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= "1";
}
