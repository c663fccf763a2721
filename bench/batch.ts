// `npm run bench:batch`: texts a second of runBatch, beside the same pipeline called in a loop, and, with PYTHON set to one that has them, beside
// transformers' text-classification pipeline on torch's CPU: each in turn, so that what else the machine does is alike for all.
// A classifier of the base model's shape with noise for weights, and texts of some lengths around those asked for.
// Options: --tokens 512,4096 (lengths of texts), --texts 12,2 (how many of each), --rounds 2, --threads 2, --model base|tiny.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile, copyFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { torch } from "@longspan/adapter-torch";
import { createConverter } from "@longspan/core";
import { directoryFileSet, directorySink } from "@longspan/core/node";
import { classifyText, loadTokenizer, runBatch, type BatchProgress } from "@longspan/pipelines";
import { ort } from "@longspan/runtime-ort";
import { modelConfig, models } from "./forward-models.ts";
import { generatedCheckpoint } from "./generated-checkpoint.ts";
import { median } from "./whole-process.ts";

const goals = { loop: 1, transformers: 1.7 };
const { values: options } = parseArgs({
  options: {
    tokens: { type: "string", default: "512,4096" },
    texts: { type: "string", default: "12,2" },
    rounds: { type: "string", default: "2" },
    threads: { type: "string", default: "2" },
    model: { type: "string", default: "base" },
  },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const named = models[options.model];
if (named === undefined) throw new Error(`--model is one of ${Object.keys(models).join(", ")}`);
// At least the words of the tokenizer.
const shape = { ...named, vocab_size: Math.max(Number(named.vocab_size), 1024) };
const tokenizerFolder = join(root, "examples/train-lightning-qa/model");
await mkdir(join(root, "out"), { recursive: true });
const folder = await mkdtemp(join(root, "out/bench-"));
try {
  const tokenizer = await loadTokenizer(directoryFileSet(tokenizerFolder));
  const converter = createConverter({ adapters: [torch()] });
  const config = { ...shape, num_labels: 2, pad_token_id: modelConfig(options.model).padTokenId };
  const plan = converter.plan(generatedCheckpoint(config, "sequence-classification"), { target: "hf" });
  await converter.convert(plan, { sink: await directorySink(join(folder, "model")) });
  const runtime = ort({ threads: Number(options.threads), executionProviders: ["cpu"] });
  await using classifier = await classifyText({ model: join(folder, "model"), adapters: [torch()], runtime, tokenizer });
  const counts = options.texts.split(",").map(Number);
  for (const [index, tokens] of options.tokens.split(",").entries()) {
    const texts = textsOf(Number(tokens), counts[index] ?? 2, (text) => tokenizer.encode(text).ids.length);
    const peer = await transformers(texts);
    const loop: number[] = [];
    const batch: number[] = [];
    const python: number[] = [];
    let last: BatchProgress | undefined;
    // The first run compiles and allocates.
    await classifier(texts[0] ?? "");
    for (let round = 0; round < Number(options.rounds); round++) {
      loop.push(
        await timed(async () => {
          for (const text of texts) await classifier(text);
        }),
      );
      batch.push(
        await timed(async () => {
          const items = texts.map((input) => ({ input }));
          for await (const { error } of runBatch(classifier, items, { onBatch: (progress) => (last = progress) }))
            if (error !== undefined) throw error;
        }),
      );
      if (peer !== undefined) python.push(await peer.run());
    }
    await peer?.end();
    const padding = last === undefined ? 0 : last.paddingTokens / (last.tokens + last.paddingTokens);
    const rate = (seconds: readonly number[]): number => texts.length / median(seconds);
    console.log(`\n${options.model}, ${texts.length} texts around ${tokens} tokens, ${classifier.device}, ${options.rounds} rounds`);
    console.log(`runBatch       ${rate(batch).toFixed(3)} texts a second, padding ${(100 * padding).toFixed(1)} %`);
    console.log(`the loop       ${rate(loop).toFixed(3)}; runBatch is ${(rate(batch) / rate(loop)).toFixed(2)} x (goal ${goals.loop} x)`);
    if (peer !== undefined)
      console.log(
        `transformers   ${rate(python).toFixed(3)}; runBatch is ${(rate(batch) / rate(python)).toFixed(2)} x (goal ${goals.transformers} x)  [${peer.name}]`,
      );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Texts of 80 % to 100 % of so many tokens. */
function textsOf(tokens: number, count: number, lengthOf: (text: string) => number): readonly string[] {
  const sentence = "The keeper of the harbour read the old letter by the light of a green lamp. ";
  const each = lengthOf(sentence);
  return Array.from({ length: count }, (_, index) => sentence.repeat(Math.floor(((tokens - 2) * (1 - (0.2 * index) / count)) / each)));
}

interface Peer {
  readonly name: string;
  /** Seconds of all texts. */
  run(): Promise<number>;
  end(): Promise<void>;
}

async function transformers(texts: readonly string[]): Promise<Peer | undefined> {
  const python = process.env.PYTHON;
  if (python === undefined) return undefined;
  const given = join(folder, "texts.json");
  await writeFile(given, JSON.stringify(texts));
  for (const name of ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.json"])
    await copyFile(join(tokenizerFolder, name), join(folder, "model", name));
  const script = join(root, "bench/batch_with_python.py");
  const words = [script, "--model", join(folder, "model"), "--texts", given, "--threads", options.threads];
  const child = spawn(python, words, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true || value === undefined) throw new Error("Python ended");
    return value;
  };
  const name = await next();
  return {
    name,
    async run() {
      child.stdin.write("run\n");
      return Number(await next());
    },
    async end() {
      const ended = once(child, "close");
      child.stdin.end();
      await ended;
    },
  };
}
