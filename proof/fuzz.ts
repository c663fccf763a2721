// `npm run fuzz -- <reader | all> [--seconds N] [--seed S] [--runs N] [--unguided]`: changed files for a reader, chosen by what they reach of its
// code, until one does what no reader may: throw what is no error of ours, contradict itself, take more than a second or 256 MiB, change
// Object.prototype, say what a terminal obeys. What is found lies in out/fuzz/. `--runs` ends after so many inputs, at the same one each time.
//
// The engine is our own: of the kept ones, Jazzer.js 4 has a native part that needs glibc 2.38 (Debian 12 has 2.36), and the earlier releases are
// of Node 20 and before.
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { numberOption } from "./number-option.ts";
import { readers, type ReaderName } from "./hostile/readers.ts";
import { fuzzReaders } from "./fuzz/fuzz-readers.ts";

const names = Object.keys(readers) as ReaderName[];
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    runs: { type: "string", default: "Infinity" },
    seed: { type: "string" },
    unguided: { type: "boolean", default: false },
  },
});
const chosen = positionals.includes("all") ? names : names.filter((name) => positionals.includes(name));
if (chosen.length === 0 || positionals.some((name) => name !== "all" && !(name in readers))) {
  console.error(`Name a reader: all, ${names.join(", ")}.`);
  process.exit(2);
}
const seconds = numberOption("seconds", options.seconds) / chosen.length;
const runs = Math.ceil(numberOption("runs", options.runs) / chosen.length);
const seed = options.seed === undefined ? Date.now() % 2 ** 31 : numberOption("seed", options.seed);
const folder = fileURLToPath(new URL("../out/fuzz/", import.meta.url));

let [total, found] = [0, 0];
const requests = chosen.map((reader) => ({ reader, seconds, runs }));
// Whoever ends it is told what was found until then.
const ending = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => ending.abort());
for await (const state of fuzzReaders({ readers: requests, seed, guided: !options.unguided, signal: ending.signal })) {
  const { reader } = state;
  total += state.done;
  found += state.findings.length;
  console.log(
    `${reader.padEnd(18)} ${String(state.done).padStart(9)} inputs, ${state.pool} kept, ${state.kinds} kinds of outcome, ${state.blocks} blocks, ${state.findings.length} findings (seed ${seed})`,
  );
  for (const { what, bytes, stack } of state.findings) {
    await mkdir(folder, { recursive: true });
    const path = `${folder}${reader}-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}`;
    await writeFile(path, bytes);
    await writeFile(`${path}.txt`, `${what}\n${stack ?? ""}\n`);
    console.log(`  ${what.slice(0, 300)}\n  ${path}\n${(stack ?? "").split("\n").slice(1, 4).join("\n")}`);
  }
}
console.log(`${total} inputs, ${found} findings`);
process.exitCode = found === 0 ? 0 : 1;
