// What `./run` of the GPU archive starts. Checks run side by side, and beside them what is to be timed makes ready; then one after the other is
// timed, with the GPU to itself.
// Options: --quick (a little of everything), --only NAME,… (parts, or all whose names begin with one before a dash), --seconds N (how long one
// part may take; default 120), --at-once N (how many run side by side; default: half the cores); and a folder for results.json and results.txt (default: the current one).
import { writeFileSync } from "node:fs";
import { mkdtemp, mkdir, readdir, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { partsOf, type Part } from "./parts.ts";
import { startPart, type PartResult, type RunningPart } from "./run-part.ts";

const { values: options, positionals } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    seconds: { type: "string", default: "120" },
    "at-once": { type: "string" },
  },
  allowPositionals: true,
});
const [target = "."] = positionals;
const programs = import.meta.dirname;
const started = performance.now();
const present = (await readdir(programs)).map((name) => basename(name, ".mjs"));
const all = partsOf(options.quick, {
  beside: present.filter((name) => name.startsWith("beside-")),
  more: present.filter((name) => name.startsWith("more-")),
});
const wanted = options.only?.split(",");
const parts = all.filter(({ name, explores = false }) =>
  wanted === undefined ? !explores : wanted.some((one) => name === one || (!explores && name.startsWith(`${one}-`))),
);
if (parts.length === 0) {
  console.error(`--only takes ${all.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
await mkdir(target, { recursive: true });
const folder = await mkdtemp(join(tmpdir(), "longspan-gpu-"));
const texts: string[] = [];
const print = (text: string): void => {
  texts.push(text);
  console.log(text);
};
const results: PartResult[] = [];
const report = (result: PartResult): void => {
  results.push(result);
  print(`\n== ${result.title} [${result.name}, ${result.seconds.toFixed(1)} s]\n${result.text}`);
  keep();
};
const start = (part: Part): RunningPart => startPart(part, programs, folder, Number(options.seconds));
// Each takes a core or two: on a machine of two they run one after the other.
const atOnce = Number(options["at-once"] ?? Math.max(1, Math.floor(availableParallelism() / 2)));

const checks = parts.filter(({ kind }) => kind === "check");
const timed = parts.filter(({ kind }) => kind !== "check");
const prepared = new Map<Part, RunningPart>();
const inParallel = [...checks, ...timed.filter(({ kind }) => kind === "prepared" && atOnce > 1)];
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let part = inParallel.shift(); part !== undefined; part = inParallel.shift()) {
      const running = start(part);
      if (part.kind === "check") report(await running.ended);
      else {
        prepared.set(part, running);
        await running.ready;
      }
    }
  }),
);
print(`\n-- checked and prepared after ${secondsSoFar().toFixed(1)} s; what follows is timed, one part after the other`);
for (const part of timed) {
  const running = prepared.get(part) ?? start(part);
  await running.ready;
  running.takeTurn();
  report(await running.ended);
}
await rm(folder, { recursive: true, force: true });

const failed = results.filter(({ outcome }) => outcome === "failed").map(({ name }) => name);
print(
  `\n${results.length} parts in ${secondsSoFar().toFixed(1)} s; ${failed.length === 0 ? "none failed" : `FAILED: ${failed.join(", ")}`}`,
);
keep();
process.exitCode = failed.length === 0 ? 0 : 1;

function secondsSoFar(): number {
  return (performance.now() - started) / 1000;
}

/** After each part, so that one who ends this early has what was done. */
function keep(): void {
  const parts = results.map(({ text: _text, ...one }) => one);
  writeFileSync(
    join(target, "results.json"),
    `${JSON.stringify({ quick: options.quick, seconds: secondsSoFar(), parts }, undefined, 1)}\n`,
  );
  writeFileSync(join(target, "results.txt"), `${texts.join("\n")}\n`);
}
