// `npm run bench:forward`: forward passes on generated weights of the published sizes, each measurement a process of its own, and with
// PYTHON set to one that has them, transformers on torch's CPU in the same run. Says where the time goes: the products with weights alone
// and the attention alone are run with the same runtime, the rest is the difference.
// Options: --runtime ort,ort-web,webgpu,reference (default ort), --tokens 512,4096, --model base|large|tiny (default base),
// --globals N (default 16), --threads N (default 2), --runs N after one that is not counted (default 3).
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { linearFloatingPointOperations, parts, type Part } from "./forward-graphs.ts";
import { modelConfig, models } from "./forward-models.ts";
import type { Forward } from "./forward-once.ts";
import { measureProcess, median } from "./whole-process.ts";

interface Measured extends Forward {
  readonly median: number;
  readonly peakBytes: number | undefined;
}

const mebibyte = 2 ** 20;
/** Times the time of transformers, at 4,096 tokens of the base model. */
const goals: Readonly<Record<string, number>> = { ort: 0.6, "ort-web": 2.2 };

const { values: options } = parseArgs({
  options: {
    runtime: { type: "string", default: "ort" },
    tokens: { type: "string", default: "512,4096" },
    model: { type: "string", default: "base" },
    globals: { type: "string", default: "16" },
    threads: { type: "string", default: "2" },
    runs: { type: "string", default: "3" },
  },
});
const { globals, threads, runs, model } = options;
const config = modelConfig(model);
const root = fileURLToPath(new URL("..", import.meta.url));
await mkdir(join(root, "out"), { recursive: true });
const folder = await mkdtemp(join(root, "out/bench-"));
try {
  for (const tokens of options.tokens.split(",")) await benchmark(tokens);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function benchmark(tokens: string): Promise<void> {
  console.log(`\n${model}, ${tokens} tokens, ${globals} of them global, ${threads} threads, medians of ${runs} runs`);
  const peer = await transformers(tokens);
  if (peer !== undefined) console.log(line(peer.device, peer, undefined, undefined));
  for (const runtime of options.runtime.split(",")) {
    const whole = await measure(runtime, "model", tokens);
    console.log(line(`${runtime}: ${whole.device}`, whole, peer, model === "base" && tokens === "4096" ? goals[runtime] : undefined));
    const [, ...alone] = parts;
    const shares: [string, number][] = [];
    for (const part of alone) shares.push([part, (await measure(runtime, part, tokens)).median]);
    const rest = whole.median - shares.reduce((sum, [, seconds]) => sum + seconds, 0);
    const speed = linearFloatingPointOperations(config, Number(tokens)) / 1e9 / (shares[0]?.[1] ?? 1);
    const text = [...shares, ["rest", rest] as const].map(
      ([name, seconds]) => `${name} ${seconds.toFixed(3)} s (${Math.round((seconds / whole.median) * 100)} %)`,
    );
    const floor = peer === undefined || shares[0] === undefined ? "" : `; the linear layers alone are ${ratio(shares[0][1], peer)}`;
    console.log(`    ${text.join(", ")}; linear at ${speed.toFixed(0)} GFLOP/s${floor}; prepared in ${whole.prepareSeconds.toFixed(1)} s`);
  }
}

function line(name: string, one: Measured, peer: Measured | undefined, goal: number | undefined): string {
  const peak = one.peakBytes === undefined ? "" : `peak ${Math.round(one.peakBytes / mebibyte)} MiB`;
  const compared = peer === undefined ? "" : ratio(one.median, peer);
  const wanted = goal === undefined || peer === undefined ? "" : `goal ${goal} ×`;
  return [name.padEnd(60), `${one.median.toFixed(3)} s`.padStart(10), compared.padStart(24), wanted.padStart(11), peak.padStart(14)]
    .join("  ")
    .trimEnd();
}

function ratio(seconds: number, peer: Measured): string {
  return `${(seconds / peer.median).toFixed(2)} × transformers`;
}

function measure(runtime: string, part: Part, tokens: string): Promise<Measured> {
  const script = join(root, "bench/forward-once.ts");
  const words = ["--runtime", runtime, "--model", model, "--part", part, "--tokens", tokens];
  return measured(process.execPath, [...process.execArgv, script, ...words]);
}

async function transformers(tokens: string): Promise<Measured | undefined> {
  const python = process.env.PYTHON;
  if (python === undefined) return undefined;
  const script = join(root, "bench/forward_with_python.py");
  return measured(python, [script, "--config", JSON.stringify(models[model]), "--tokens", tokens]);
}

async function measured(command: string, words: readonly string[]): Promise<Measured> {
  const output = join(folder, "forward.json");
  const common = ["--globals", globals, "--threads", threads, "--runs", runs, "--output", output];
  const { peakBytes } = await measureProcess(command, [...words, ...common]);
  const forward = JSON.parse(await readFile(output, "utf8")) as Forward;
  return { ...forward, median: median(forward.seconds.slice(1)), peakBytes };
}
