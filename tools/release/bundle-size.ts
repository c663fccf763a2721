import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { rollup, type RollupOutput } from "rollup";
import { build as buildWithVite, type Rolldown } from "vite";
import webpack from "webpack";

/** The packages as they are built for browsers; what runs models is loaded when it is wanted, and is not ours to count where it is wanted. */
const runsModels = /^(?:node:|onnxruntime-|webgpu$)/;
const nodeOnly = /^node:/;

/** Bytes of JavaScript, minified and gzipped; `all` counts files of other kinds too, gzipped. */
export interface BundleSize {
  /** What is loaded before anything runs: the program's file and all that it imports. */
  readonly first: number;
  /** With what is loaded when it is needed (`import()`): readers of rare formats, writers. */
  readonly all: number;
}

/**
 * A program bundled for browsers by each bundler. `folder` is where its imports are found from. With `whole`, nothing that could be bundled is left out:
 * what a program has not asked for shows.
 */
export async function bundleSizes(source: string, folder: string, whole = false): Promise<Readonly<Record<string, BundleSize>>> {
  const external = whole ? nodeOnly : runsModels;
  const work = mkdtempSync(join(cacheOf(folder), "bundle-"));
  try {
    return {
      esbuild: await withEsbuild(source, folder, work, external),
      rollup: await withRollup(source, folder, external),
      vite: await withVite(source, folder, work, external),
      webpack: await withWebpack(source, folder, work, external),
    };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** A folder from which the packages are found. */
function cacheOf(folder: string): string {
  const cache = join(folder, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  return cache;
}

async function sizeOf(
  chunks: ReadonlyMap<string, string>,
  first: ReadonlySet<string>,
  assets: readonly (string | Uint8Array)[] = [],
): Promise<BundleSize> {
  const sizes = await Promise.all(
    [...chunks].map(async ([name, code]) => {
      const minified = await transform(code, { minify: true, format: "esm" });
      return { name, bytes: gzipSync(minified.code).byteLength };
    }),
  );
  const sum = (kept: typeof sizes): number => kept.reduce((total, { bytes }) => total + bytes, 0);
  const ofAssets = assets.reduce((total, asset) => total + gzipSync(asset).byteLength, 0);
  return { first: sum(sizes.filter(({ name }) => first.has(name))), all: sum(sizes) + ofAssets };
}

/** A chunk and all that it imports, and so on. */
function importedBy(entry: string, importsOf: (name: string) => readonly string[], found: Set<string> = new Set()): ReadonlySet<string> {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const name of importsOf(entry)) importedBy(name, importsOf, found);
  return found;
}

async function withEsbuild(source: string, folder: string, work: string, external: RegExp): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: folder },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    external: ["node:*", ...(external === runsModels ? ["onnxruntime-web", "onnxruntime-web/webgpu"] : [])],
    absWorkingDir: work,
    outdir: work,
    write: false,
    metafile: true,
  });
  const outputs = new Map(Object.entries(metafile.outputs).map(([name, output]) => [join(work, name), output]));
  // What is imported when it is wanted is an entry point, too.
  const entry = [...outputs].find(([, { entryPoint }]) => entryPoint === "<stdin>")?.[0] ?? "";
  const importsOf = (name: string): readonly string[] =>
    (outputs.get(name)?.imports ?? []).flatMap(({ kind, path }) => (kind === "import-statement" ? [join(work, path)] : []));
  return sizeOf(new Map(outputFiles.map(({ path, text }) => [path, text])), importedBy(entry, importsOf));
}

/** Rollup finds no packages by itself; esbuild's way of finding them is lent to it. */
async function withRollup(source: string, folder: string, external: RegExp): Promise<BundleSize> {
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
  return sizeOfOutput((await bundle.generate({ format: "es" })).output);
}

function sizeOfOutput(output: RollupOutput["output"] | Rolldown.RolldownOutput["output"]): Promise<BundleSize> {
  const chunks = new Map([...output].flatMap((file) => (file.type === "chunk" ? [[file.fileName, file] as const] : [])));
  const assets = [...output].flatMap((file) => (file.type === "asset" ? [file.source] : []));
  const entry = [...chunks.values()].find(({ isEntry }) => isEntry)?.fileName ?? "";
  const codes = new Map([...chunks].map(([name, { code }]) => [name, code]));
  return sizeOf(
    codes,
    importedBy(entry, (name) => chunks.get(name)?.imports.filter((other) => chunks.has(other)) ?? []),
    assets,
  );
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

async function withVite(source: string, folder: string, work: string, external: RegExp): Promise<BundleSize> {
  const file = join(work, "program.js");
  writeFileSync(file, source);
  const result = await buildWithVite({
    configFile: false,
    root: folder,
    logLevel: "error",
    build: { write: false, lib: { entry: file, formats: ["es"], fileName: "program" }, rolldownOptions: { external } },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (output === undefined || !("output" in output)) throw new Error("vite built nothing");
  return sizeOfOutput(output.output);
}

async function withWebpack(source: string, folder: string, work: string, external: RegExp): Promise<BundleSize> {
  const file = join(work, "program.mjs");
  writeFileSync(file, source);
  const out = join(work, "webpack");
  const compiler = webpack({
    mode: "production",
    context: folder,
    entry: { program: file },
    experiments: { outputModule: true },
    externals: [({ request = "" }) => Promise.resolve(external.test(request) ? `module ${request}` : undefined)],
    output: { path: out, module: true, library: { type: "module" }, chunkFormat: "module" },
  });
  const stats = await promisify(compiler.run.bind(compiler))();
  const { assets = [], entrypoints = {}, errors = [] } = stats?.toJson({ all: false, assets: true, entrypoints: true, errors: true }) ?? {};
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  const written = assets.map(({ name }) => name).filter((name) => existsSync(join(out, name)));
  const files = written.filter((name) => name.endsWith("js"));
  const others = written.filter((name) => !name.endsWith("js")).map((name) => readFileSync(join(out, name)));
  const first = new Set(entrypoints.program?.assets?.map(({ name }) => name));
  return sizeOf(new Map(files.map((name) => [name, readFileSync(join(out, name), "utf8")])), first, others);
}
