// `npm run bench:memory`: what opening takes of memory. Whole processes of the built command line inspect files that were made to be dear; the
// peak above that of inspecting a tiny file is held to the promise: 256 MiB, or 40 bytes for each byte of the file, whichever is more.
// Options: --only TEXT (cases whose name has it), --scale N (times as many of everything; default 1).
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  layoutChoices,
  layoutRules,
  lightningCheckpoint,
  otherFiles,
  paddlePickle,
  pickles,
  torchLegacy,
  torchZip,
  type LargeFile,
} from "../tests/large-files.ts";
import { measureProcess } from "./whole-process.ts";

const mebibyte = 2 ** 20;
const promised = (fileBytes: number): number => Math.max(256 * mebibyte, 40 * fileBytes);
const { values: options } = parseArgs({ options: { only: { type: "string", default: "" }, scale: { type: "string", default: "1" } } });
const scale = Number(options.scale);
const root = fileURLToPath(new URL("..", import.meta.url));
const longspan = join(root, "packages/cli/bin/longspan.cjs");

/** As many as fill some megabytes, where a case does not say otherwise. */
const counts: Readonly<Record<string, number>> = {
  "empty dicts in a list": 3_000_000,
  "nested lists": 2_000_000,
  "nested tuples": 500_000,
  "texts of 60 kB": 200,
  tensors: 300_000,
  "a dict of texts": 500_000,
  names: 500_000,
  "tensors under a name of 500 kB": 16_000,
  "objects under a name of 500 kB": 500_000,
  "a config of shared lists": 7,
  "safetensors: empty tensors, one with a name of 500 kB": 16_000,
  "safetensors: tensors under 40 prefixes": 300_000,
  "safetensors: dimensions": 2_000,
  "pdiparams: empty tensors": 200_000,
  "config.json: a nest": 5_000_000,
  "onnx: initializers": 200_000,
};
const usualCount = 1_000_000;

interface Case {
  readonly name: string;
  readonly file: () => LargeFile;
  readonly layout?: () => string;
}

const tiny = (): LargeFile => otherFiles["config.json: empty lists"]?.(1) ?? torchZip(new Uint8Array(0));

function cases(): Case[] {
  const count = (name: string): number => Math.ceil(scale * (counts[name] ?? usualCount));
  const around = { "torch zip": torchZip, "torch legacy": torchLegacy, Lightning: lightningCheckpoint, Paddle: paddlePickle };
  return [
    ...Object.entries(around).flatMap(([container, wrap]) =>
      Object.entries(pickles).map(([name, make]): Case => ({ name: `${container}: ${name}`, file: () => wrap(make(count(name))) })),
    ),
    ...Object.entries(otherFiles).map(([name, make]): Case => ({ name, file: () => make(count(name)) })),
    { name: "layout file: rules", file: tiny, layout: () => layoutRules(200_000 * scale) },
    { name: "layout file: choices", file: tiny, layout: () => layoutChoices(3000 * scale) },
  ].filter(({ name }) => name.includes(options.only));
}

async function measure(
  folder: string,
  { file, layout }: Case,
): Promise<{ fileBytes: number; peakBytes: number; ends: string; seconds: number }> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  const { fileName, files } = file();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const more: string[] = [];
  let fileBytes = Object.values(files).reduce((sum, content) => sum + content.length, 0);
  if (layout !== undefined) {
    const text = layout();
    fileBytes = text.length;
    await writeFile(join(folder, "layout.json"), text);
    more.push("--layout", join(folder, "layout.json"));
  }
  let [peakBytes, seconds, ends] = [0, 0, ""];
  for (const form of [[], ["--json"]]) {
    const measured = await measureProcess(process.execPath, [longspan, "inspect", join(folder, fileName), ...more, ...form], {
      statuses: [0, 1],
    });
    peakBytes = Math.max(peakBytes, measured.peakBytes ?? 0);
    seconds = Math.max(seconds, measured.seconds);
    if (form.length === 0) ends = measured.status === 0 ? "opens" : measured.complaint.trim();
  }
  return { fileBytes, peakBytes, seconds, ends };
}

await mkdir(join(root, "out"), { recursive: true });
const folder = await mkdtemp(join(root, "out/memory-"));
let broken = 0;
try {
  const idle = (await measure(join(folder, "case"), { name: "idle", file: tiny })).peakBytes;
  console.log(`idle: ${(idle / mebibyte).toFixed(0)} MiB`);
  for (const each of cases()) {
    const { fileBytes, peakBytes, seconds, ends } = await measure(join(folder, "case"), each);
    const above = peakBytes - idle;
    const holds = above <= promised(fileBytes);
    if (!holds) broken++;
    const figures = [fileBytes, above, promised(fileBytes)].map((value) => (value / mebibyte).toFixed(1).padStart(7));
    console.log(`${holds ? " " : "!"} ${figures.join(" ")} MiB ${seconds.toFixed(1).padStart(5)} s  ${each.name}: ${ends.slice(0, 110)}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(broken === 0 ? "All within the promise (columns: file, taken, promised)." : `${broken} beyond the promise.`);
process.exitCode = broken === 0 ? 0 : 1;
