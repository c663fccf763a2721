// `npm run bench:serve`: answers a second of `longspan serve` under 64 connections for 60 s (autocannon), beside `longspan ask --input` over the same
// questions before and after, without its start-up; errors by kind, waiting times, and the server's memory after warming up and at the end.
// Options: --connections 64, --seconds 60, --jobs 2000 (of the batch), --rounds 1, --model FILE (of question answering; examples/train-lightning-qa's).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { measureProcess, median } from "./whole-process.ts";

const goal = 0.9;
const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples/train-lightning-qa/model");
const { values: options } = parseArgs({
  options: {
    connections: { type: "string", default: "64" },
    seconds: { type: "string", default: "60" },
    jobs: { type: "string", default: "2000" },
    rounds: { type: "string", default: "1" },
    model: { type: "string", default: join(example, "longformer-qa.ckpt") },
  },
});
const longspan = join(root, "packages/cli/bin/longspan.cjs");
await mkdir(join(root, "out"), { recursive: true });
const folder = await mkdtemp(join(root, "out/bench-"));
try {
  const jobs = await jobsOf(Number(options.jobs));
  const batches = [await batchRate(jobs)];
  const served: number[] = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    const { rate, report } = await serveRate(jobs);
    console.log(report);
    served.push(rate);
    batches.push(await batchRate(jobs));
  }
  console.log(`ask --input    ${batches.map((rate) => rate.toFixed(1)).join(", ")} answers a second, each without start-up`);
  console.log(`serve          ${served.map((rate) => rate.toFixed(1)).join(", ")} answers a second`);
  console.log(`serve is ${(median(served) / median(batches)).toFixed(2)} x ask --input (goal ${goal} x)`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

interface Job {
  readonly question: string;
  readonly document: string;
}

/** Questions about pieces of the example's document: 8 to 47 sentences. */
async function jobsOf(count: number): Promise<readonly Job[]> {
  const sentences = (await readFile(join(example, "document.txt"), "utf8")).split(". ");
  const questions = JSON.parse(await readFile(join(example, "questions.json"), "utf8")) as readonly { readonly question: string }[];
  return Array.from({ length: count }, (_, index) => {
    const first = (index * 37) % (sentences.length - 60);
    const document = sentences.slice(first, first + 8 + (index % 40)).join(". ");
    return { question: questions[index % questions.length]?.question ?? "", document };
  });
}

/** Answers a second of one process over many jobs, less what the same process takes for one. */
async function batchRate(jobs: readonly Job[]): Promise<number> {
  const seconds = async (some: readonly Job[]): Promise<number> => {
    const input = join(folder, "jobs.jsonl");
    await writeFile(input, some.map((job) => `${JSON.stringify(job)}\n`).join(""));
    const words = [longspan, "ask", options.model, "--input", input, "--output", join(folder, "answers.jsonl"), "--force"];
    return (await measureProcess(process.execPath, words)).seconds;
  };
  const startUp = await seconds(jobs.slice(0, 1));
  return (jobs.length - 1) / ((await seconds(jobs)) - startUp);
}

async function serveRate(jobs: readonly Job[]): Promise<{ readonly rate: number; readonly report: string }> {
  const child = spawn(process.execPath, [longspan, "serve", options.model, "--port", "0"], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "close");
  try {
    const requests = jobs.map(({ question, document }) => ({
      method: "POST" as const,
      path: "/",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ inputs: { question, context: document } }),
    }));
    const shot = { url: await addressOf(child.stderr), connections: Number(options.connections), timeout: 60, requests };
    await autocannon({ ...shot, duration: 5 });
    const before = await residentBytes(child.pid);
    const result = await autocannon({ ...shot, duration: Number(options.seconds) });
    const after = await residentBytes(child.pid);
    const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
    return {
      rate: result["2xx"] / result.duration,
      report:
        `${options.connections} connections, ${result.duration.toFixed(0)} s: ${result["2xx"]} answers, ${result.non2xx} refusals, ${result.errors} errors, ` +
        `${result.timeouts} time-outs; half within ${result.latency.p50} ms, 99 % within ${result.latency.p99} ms; ` +
        `resident ${mebibytes(before)} MiB warmed up, ${mebibytes(after)} MiB at the end`,
    };
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

async function addressOf(lines: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: lines })) {
    const address = /listening\s+(http\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    lines.resume();
    return address;
  }
  throw new Error("The server ended before it listened");
}

async function residentBytes(pid: number | undefined): Promise<number> {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) * 1024;
}
