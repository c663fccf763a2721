import { join } from "node:path";
import { build } from "esbuild";

/** From the sources of this repository, ES modules that need nothing but `webgpu` and `onnxruntime-web` beside them. */
export async function bundlePrograms(root: string, programs: Readonly<Record<string, string>>, folder: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(programs).map(([name, file]) => [name, join(root, file)])),
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node24",
    conditions: ["@longspan/source"],
    external: ["webgpu", "onnxruntime-web", "onnxruntime-web/webgpu", "onnxruntime-node"],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    chunkNames: "shared-[hash]",
    legalComments: "none",
    logLevel: "warning",
  });
}
