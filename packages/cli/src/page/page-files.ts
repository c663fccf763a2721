import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the built page lies in this package, which is the parent of the folder that the running code is in: `dist`, or `src`. */
export function builtPage(codeFolder: string): string {
  return fileURLToPath(new URL("../dist/page/", codeFolder));
}

/**
 * onnxruntime-web's WebAssembly, which the page runs models with where there is no GPU: 14 MB, so it is not carried along but taken from where it
 * is installed. Undefined where it is not.
 */
export function wasmFolder(): string | undefined {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/wasm"));
    return existsSync(`${folder}/ort-wasm-simd-threaded.wasm`) ? folder : undefined;
  } catch {
    return undefined;
  }
}
