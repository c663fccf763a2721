import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build, type BuildOptions, transform } from "esbuild";
import { rollup, type RollupBuild, type RollupOutput } from "rollup";
import { build as buildWithVite, type Rolldown } from "vite";
import webpack from "webpack";

/** The packages as they are built for browsers; what runs models is loaded when it is wanted, and is not ours to count where it is wanted. */
const runsModels = /^(?:node:|onnxruntime-|webgpu$)/;
const nodeOnly = /^node:/;

export interface BundleOptions {
  /** Whether nothing that could be bundled is left out, so that what a program has not asked for shows. Default: what runs models is. */
  readonly whole?: boolean;
  /** What is not counted beside: packages that a program has all the same. */
  readonly without?: RegExp;
  /** How the paths of modules end that are loaded later, for what `later` of a size counts. */
  readonly later?: readonly string[];
}

/** Bytes of JavaScript, minified and gzipped; `all` counts files of other kinds too, gzipped. */
export interface BundleSize {
  /** What is loaded before anything runs: the program's file and all that it imports. */
  readonly first: number;
  /** With what is loaded when it is needed (`import()`): readers of rare formats, writers. */
  readonly all: number;
  /** What is loaded at first, and later for the modules asked for: of bundlers that tell which modules their files have. */
  readonly later?: number;
  /** All of it as one file: of bundlers that make one. */
  readonly inOne?: number;
}

/** A file of a bundle. */
interface Chunk {
  readonly code: string;
  /** Of what it imports at its top. */
  readonly imports: readonly string[];
  readonly modules?: readonly string[];
}

/** A program bundled for browsers by each bundler. `folder` is where its imports are found from. */
export async function bundleSizes(
  source: string,
  folder: string,
  options: BundleOptions = {},
): Promise<Readonly<Record<string, BundleSize>>> {
  const work = mkdtempSync(join(cacheOf(folder), "bundle-"));
  const external = options.whole === true ? nodeOnly : runsModels;
  const left = (id: string): boolean => external.test(id) || options.without?.test(id) === true;
  try {
    return {
      esbuild: await withEsbuild(source, folder, work, left, options),
      rollup: await withRollup(source, folder, left, options),
      vite: await withVite(source, folder, work, left, options),
      webpack: await withWebpack(source, folder, work, left),
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

async function bytesOf(code: string): Promise<number> {
  return gzipSync((await transform(code, { minify: true, format: "esm" })).code).byteLength;
}

/** `entries` are the files that a program begins with. */
async function sizeOf(
  chunks: ReadonlyMap<string, Chunk>,
  entries: readonly string[],
  { later = [] }: BundleOptions = {},
  assets: readonly (string | Uint8Array)[] = [],
): Promise<BundleSize> {
  const sizes = await Promise.all([...chunks].map(async ([name, { code }]) => ({ name, bytes: await bytesOf(code) })));
  const sum = (names: readonly string[]): number => {
    const loaded = new Set<string>();
    for (const name of names) addImported(name, chunks, loaded);
    return sizes.reduce((total, { name, bytes }) => total + (loaded.has(name) ? bytes : 0), 0);
  };
  const ofAssets = assets.reduce((total, asset) => total + gzipSync(asset).byteLength, 0);
  const size = { first: sum(entries), all: sum([...chunks.keys()]) + ofAssets };
  const files = later.map((ending) => [...chunks].find(([, { modules = [] }]) => modules.some((module) => module.endsWith(ending)))?.[0]);
  const found = files.filter((file) => file !== undefined);
  return found.length === 0 || found.length < files.length ? size : { ...size, later: sum([...entries, ...found]) };
}

/** Adds a chunk and all that it imports, and so on. */
function addImported(name: string, chunks: ReadonlyMap<string, Chunk>, found: Set<string>): void {
  if (found.has(name) || !chunks.has(name)) return;
  found.add(name);
  for (const other of chunks.get(name)?.imports ?? []) addImported(other, chunks, found);
}

async function withEsbuild(
  source: string,
  folder: string,
  work: string,
  left: (id: string) => boolean,
  options: BundleOptions,
): Promise<BundleSize> {
  const common = {
    stdin: { contents: source, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    absWorkingDir: work,
    outdir: work,
    write: false,
    metafile: true,
    plugins: [
      {
        name: "left out",
        setup: ({ onResolve }) => onResolve({ filter: /./ }, ({ path }) => (left(path) ? { path, external: true } : undefined)),
      },
    ],
  } as const satisfies BuildOptions;
  const { outputFiles, metafile } = await build({ ...common, splitting: true });
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  const outputs = Object.entries(metafile.outputs).map(([name, output]) => [join(work, name), output] as const);
  const chunks = new Map(
    outputs.map(([name, { imports, inputs }]) => [
      name,
      {
        code: texts.get(name) ?? "",
        imports: imports.flatMap(({ kind, path }) => (kind === "import-statement" ? [join(work, path)] : [])),
        modules: Object.keys(inputs),
      },
    ]),
  );
  // What is imported when it is wanted is an entry point, too.
  const entry = outputs.find(([, { entryPoint }]) => entryPoint === "<stdin>")?.[0] ?? "";
  const [whole] = (await build(common)).outputFiles;
  return { ...(await sizeOf(chunks, [entry], options)), inOne: await bytesOf(whole?.text ?? "") };
}

/** Rollup finds no packages by itself; esbuild's way of finding them is lent to it. */
async function withRollup(source: string, folder: string, left: (id: string) => boolean, options: BundleOptions): Promise<BundleSize> {
  const bundle: RollupBuild = await rollup({
    input: "program",
    external: left,
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
  const size = await sizeOfOutput((await bundle.generate({ format: "es" })).output, options);
  const [whole] = (await bundle.generate({ format: "es", inlineDynamicImports: true })).output;
  return { ...size, inOne: await bytesOf(whole.code) };
}

function sizeOfOutput(output: RollupOutput["output"] | Rolldown.RolldownOutput["output"], options: BundleOptions): Promise<BundleSize> {
  const files = [...output].flatMap((file) => (file.type === "chunk" ? [file] : []));
  const chunks = new Map(files.map(({ fileName, code, imports, moduleIds }) => [fileName, { code, imports, modules: moduleIds }]));
  const assets = [...output].flatMap((file) => (file.type === "asset" ? [file.source] : []));
  return sizeOf(chunks, [files.find(({ isEntry }) => isEntry)?.fileName ?? ""], options, assets);
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

async function withVite(
  source: string,
  folder: string,
  work: string,
  left: (id: string) => boolean,
  options: BundleOptions,
): Promise<BundleSize> {
  const file = join(work, "program.js");
  writeFileSync(file, source);
  const result = await buildWithVite({
    configFile: false,
    root: folder,
    logLevel: "error",
    build: { write: false, lib: { entry: file, formats: ["es"], fileName: "program" }, rolldownOptions: { external: left } },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (output === undefined || !("output" in output)) throw new Error("vite built nothing");
  return sizeOfOutput(output.output, options);
}

async function withWebpack(source: string, folder: string, work: string, left: (id: string) => boolean): Promise<BundleSize> {
  const file = join(work, "program.mjs");
  writeFileSync(file, source);
  const out = join(work, "webpack");
  const compiler = webpack({
    mode: "production",
    context: folder,
    entry: { program: file },
    experiments: { outputModule: true },
    externals: [({ request = "" }) => Promise.resolve(left(request) ? `module ${request}` : undefined)],
    output: { path: out, module: true, library: { type: "module" }, chunkFormat: "module" },
  });
  const stats = await promisify(compiler.run.bind(compiler))();
  const { assets = [], entrypoints = {}, errors = [] } = stats?.toJson({ all: false, assets: true, entrypoints: true, errors: true }) ?? {};
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  const written = assets.map(({ name }) => name).filter((name) => existsSync(join(out, name)));
  const files = written.filter((name) => name.endsWith("js"));
  const others = written.filter((name) => !name.endsWith("js")).map((name) => readFileSync(join(out, name)));
  const chunks = new Map(files.map((name) => [name, { code: readFileSync(join(out, name), "utf8"), imports: [] }]));
  return sizeOf(chunks, entrypoints.program?.assets?.map(({ name }) => name) ?? [], {}, others);
}
