import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { rollup } from "rollup";
import { build as buildWithVite } from "vite";

/** The packages as they are built for browsers; what runs models is loaded when it is wanted, and is not ours to count. */
const external = /^(?:node:|onnxruntime-|webgpu$)/;

/** Bytes, minified and gzipped, of a program bundled for browsers by each bundler. `folder` is where its imports are found from. */
export async function bundleSizes(source: string, folder: string): Promise<Readonly<Record<string, number>>> {
  return {
    esbuild: await sizeOf(await withEsbuild(source, folder)),
    rollup: await sizeOf(await withRollup(source, folder)),
    vite: await sizeOf(await withVite(source, folder)),
  };
}

async function sizeOf(chunks: readonly string[]): Promise<number> {
  const minified = await Promise.all(chunks.map((code) => transform(code, { minify: true, format: "esm" })));
  return minified.reduce((sum, { code }) => sum + gzipSync(code).byteLength, 0);
}

async function withEsbuild(source: string, folder: string): Promise<readonly string[]> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    external: ["node:*", "onnxruntime-web", "onnxruntime-web/webgpu"],
    write: false,
  });
  return outputFiles.map(({ text }) => text);
}

/** Rollup finds no packages by itself; esbuild's way of finding them is lent to it. */
async function withRollup(source: string, folder: string): Promise<readonly string[]> {
  const bundle = await rollup({
    input: "program",
    external: (id) => external.test(id),
    onwarn: () => {},
    plugins: [
      {
        name: "program",
        resolveId: async (id, importer) => {
          if (id === "program") return id;
          const from = importer === undefined || importer === "program" ? folder : importer.slice(0, importer.lastIndexOf("/"));
          return { id: await resolveForBrowsers(id, from), moduleSideEffects: false };
        },
        load: (id) => (id === "program" ? source : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "es" });
  return output.flatMap((file) => (file.type === "chunk" ? [file.code] : []));
}

async function resolveForBrowsers(id: string, folder: string): Promise<string> {
  let found = "";
  await build({
    stdin: { contents: "", resolveDir: folder },
    write: false,
    bundle: true,
    platform: "browser",
    plugins: [
      {
        name: "resolve",
        setup({ onStart, resolve }) {
          onStart(async () => {
            found = (await resolve(id, { resolveDir: folder, kind: "import-statement" })).path;
          });
        },
      },
    ],
  });
  return found;
}

async function withVite(source: string, folder: string): Promise<readonly string[]> {
  const cache = join(folder, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const file = join(cache, "program.js");
  writeFileSync(file, source);
  const result = await buildWithVite({
    configFile: false,
    root: folder,
    logLevel: "error",
    build: { write: false, lib: { entry: file, formats: ["es"], fileName: "program" }, rolldownOptions: { external } },
  });
  const outputs = Array.isArray(result) ? result : [result];
  return outputs.flatMap((output) =>
    "output" in output ? output.output.flatMap((file) => (file.type === "chunk" ? [file.code] : [])) : [],
  );
}
