// Tries the packages as their users will have them: packs them, installs them from a registry of this machine into projects of their own, and
// compiles, runs and bundles with them: npm run release:dry. On Linux (x64); what it tries with comes from npm.
import { execFile, execFileSync, type ExecFileException } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { bundleBudgets } from "./bundle-budgets.ts";
import { overBudget, sizeInWords } from "./bundle-budgets-kept.ts";
import { bundleSizes } from "./bundle-size.ts";
import { localRegistry } from "./local-registry.ts";
import { pageTrials } from "./page-trials.ts";
import { packPackages } from "./pack-packages.ts";
import { publishedFolders } from "./production-tree.ts";
import { problemOfBill, softwareBill } from "./software-bill.ts";
import { engines, toolVersions } from "./tool-versions.ts";
import { versionTrials } from "./version-trials.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const work = mkdtempSync(join(tmpdir(), "longspan-release-"));
const timeout = 300_000;
/** What pages tell their readers to install beside the packages. */
const pagePeers = ["onnxruntime-node@1.30.0", "webgpu@0.6.2", "typescript@7.0.2", "@types/node@24.10.1", "vitest@5.1.1"];
const results: { readonly what: string; readonly with: string; readonly result: string }[] = [];

/** Notes how a trial went; one that fails does not keep the others from being made. */
async function trial(what: string, tool: string, attempt: () => Promise<string>): Promise<void> {
  const result = await attempt().catch((error: unknown) => {
    const { stdout = "", stderr = "", message, code, signal } = error as ExecFileException;
    console.error(`\n${what}, ${tool}: ${message} (${signal ?? code})\n${stdout}${stderr}`);
    return "FAILED";
  });
  results.push({ what, with: tool, result });
}

async function install(folder: string, packages: readonly string[], registry: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  // Nothing of this repository's own npm settings is there, and no install script runs.
  const options = ["--registry", registry, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["install", ...options, ...packages], { cwd: folder, timeout: 600_000 });
}

/** What a folder takes of a disk, whose files begin at blocks of their own, and what its files hold, in megabytes of 2²⁰ bytes; how many files. */
function sizeOf(folder: string): { readonly disk: number; readonly bytes: number; readonly files: number } {
  const kilobytes = (...options: string[]): number =>
    Number(execFileSync("du", ["-sk", ...options, folder], { encoding: "utf8" }).split("\t")[0]);
  const files = globSync("**", { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile()).length;
  return { disk: Math.round(kilobytes() / 1024), bytes: Math.round(kilobytes("--apparent-size") / 1024), files };
}

execFileSync("npm", ["run", "--silent", "--workspace", "docs", "guides"], { cwd: root, stdio: "inherit" });
const packed = packPackages(root, join(work, "tarballs"));
const names = packed.map(({ name }) => name);
for (const { name, files } of packed) {
  await trial("tarball has LICENSE, README, no build notes, no sources", name, async () => {
    const guides = name === "@longspan/core" ? ["guides/README.md", "guides/write-an-adapter.md", "schema/layout-1.schema.json"] : [];
    const missing = ["LICENSE", "README.md", "package.json", ...guides].filter((file) => !files.includes(file));
    const strays = files.filter((file) => /tsbuildinfo$|\.npmignore$|^src\/|\.test\.[jt]s$/.test(file));
    if (missing.length > 0 || strays.length > 0) throw new Error(`lacks ${missing.join()}; has ${strays.join()}`);
    return `${files.length} files`;
  });
}

for (const path of publishedFolders(root)) {
  await trial("software bill of materials is valid CycloneDX", path, async () => {
    const bill = softwareBill(root, path);
    const problem = await problemOfBill(bill);
    if (problem !== null) throw new Error(problem);
    return `${JSON.parse(bill).components?.length ?? 0} components`;
  });
}

const upstream = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
const registry = await localRegistry(packed, upstream);
const app = join(work, "app");
const small = join(work, "small");
const pages = join(work, "pages");
const tools = join(work, "tools");
try {
  await install(small, ["longspan"], registry.url);
  await trial("longspan installed alone, at most 40 MB of a disk, 28 MB of bytes, 4,200 files", "npm", async () => {
    const { disk, bytes, files } = sizeOf(join(small, "node_modules"));
    const text = `${disk} MB, ${bytes} MB of bytes, ${files} files`;
    if (disk > 40 || bytes > 28 || files > 4200) throw new Error(text);
    return text;
  });
  await install(app, [...names, "onnxruntime-web@1.30.0", "@types/node@24.10.1"], registry.url);
  await install(pages, [...names, ...pagePeers], registry.url);
  await install(
    tools,
    Object.entries(toolVersions).map(([name, version]) => `${name}@${version}`),
    registry.url,
  );
} finally {
  registry.close();
}

// Types
const entries = packed.flatMap(({ name, manifest }) =>
  Object.entries(manifest.exports)
    .filter(([, target]) => typeof target !== "string")
    .map(([path]) => name + path.slice(1)),
);
writeFileSync(
  join(app, "entries.ts"),
  entries.map((entry, index) => `export * as entry${index} from ${JSON.stringify(entry)};\n`).join(""),
);
for (const compiler of Object.keys(toolVersions).filter((name) => name.startsWith("typescript-"))) {
  for (const [moduleKind, resolution] of [
    ["NodeNext", "NodeNext"],
    ["ESNext", "Bundler"],
  ] as const) {
    // What knows AbortSignal and URL: the types of Node, of pages, or of workers.
    for (const [lib, types] of [
      [["ES2023"], ["node"]],
      [["ES2023", "DOM"], ["node"]],
      [["ES2023", "DOM"], []],
      [["ES2023", "WebWorker"], []],
    ]) {
      const beside = `${lib?.join(" ")}, types: ${types?.join() || "none"}`;
      await trial("declarations, skipLibCheck false", `${compiler} ${resolution} ${beside}`, async () => {
        const strictness = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true };
        const compilerOptions = { ...strictness, target: "es2023", lib, types, module: moduleKind, moduleResolution: resolution };
        writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["entries.ts"] }));
        await run(process.execPath, [join(tools, "node_modules", compiler, "bin/tsc"), "-p", "."], { cwd: app, timeout });
        return "compiles";
      });
    }
  }
}

// Engines
copyFileSync(join(root, "tools/release/consumers/convert.mjs"), join(app, "convert.mjs"));
const model = join(root, "fixtures/huggingface/question-answering");
const commands = Object.entries(engines).map(
  ([engine, [program = "", ...parameters]]) => [engine, join(tools, "node_modules", program), parameters] as const,
);
for (const [engine, program, parameters] of commands) {
  await trial("converts to every target, verifies, runs on reference and ort", engine, async () => {
    const { stdout } = await run(program, [...parameters, "convert.mjs", model, join(work, `out-${engine}`), "ort"], { cwd: app, timeout });
    if (stdout.trim() !== "works") throw new Error(stdout);
    return "works";
  });
}

// The command line, without a runtime beside it
for (const [engine, program] of commands.filter(([name]) => name.startsWith("Node"))) {
  await trial("longspan convert, verify, doctor", engine, async () => {
    const longspan = join(small, "node_modules/longspan/bin/longspan.cjs");
    const out = join(work, `cli-${engine}`);
    await run(program, [longspan, "convert", model, "--to", "paddle", "-o", out], { timeout });
    await run(program, [longspan, "verify", model, out], { timeout });
    const { stdout } = await run(program, [longspan, "doctor"], { timeout });
    if (!/npm install onnxruntime-node/.test(stdout)) throw new Error(stdout);
    return "works";
  });
}

// READMEs and guides, by the oldest Node
await pageTrials({ root, app: pages, node: join(tools, "node_modules/node-22/bin/node"), trial });

// Bundles
for (const program of bundleBudgets) {
  const sizes = await bundleSizes(program.source, app, program);
  for (const [bundler, size] of Object.entries(sizes)) {
    await trial(`bundle of ${program.name}, within its budgets`, bundler, async () => {
      const over = overBudget(program, size);
      if (over !== undefined) throw new Error(over);
      return sizeInWords(size);
    });
  }
}

// Where the packages are not that runtimes import when they are wanted, bundlers warn at most: what is missing is said when the program runs
await trial("runtimes are bundled without their optional packages", "esbuild", async () => {
  for (const source of ['export { ort } from "@longspan/runtime-ort";', 'export { webgpu } from "@longspan/runtime-webgpu";'])
    for (const platform of ["node", "browser"] as const)
      await build({
        stdin: { contents: source, resolveDir: small },
        bundle: true,
        platform,
        format: "esm",
        splitting: true,
        outdir: join(work, "without"),
        write: false,
        logLevel: "silent",
      });
  return "bundles";
});

// Versions that come after this one
await versionTrials({ root, work: join(work, "versions"), packed, upstream, trial });

console.table(results);
const failed = results.filter(({ result }) => result === "FAILED");
if (failed.length > 0) {
  console.error(`${failed.length} of ${results.length} trials failed; what they tried lies in ${work}`);
  process.exitCode = 1;
} else {
  rmSync(work, { recursive: true });
}
