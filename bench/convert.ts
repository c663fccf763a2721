// `npm run bench:convert`: whole processes of the built command line, start-up included, on generated weights of the published sizes,
// against cp and sync of the same file in the same run and, with PYTHON set to one that has the frameworks, against these.
// Medians of interleaved runs. Options: --runs N (default 5), --size base|large|both (default both).
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createConverter } from "@longspan/core";
import { publishedConfigs } from "@longspan/core/adapter";
import { directorySink } from "@longspan/core/node";
import { lightning } from "@longspan/adapter-lightning";
import { torch } from "@longspan/adapter-torch";
import { generatedCheckpoint } from "./generated-checkpoint.ts";
import { measureProcess, median, type Measurement } from "./whole-process.ts";

interface Case {
  readonly name: string;
  readonly source: string;
  readonly command: readonly [string, readonly string[]];
  /** Times the reference's wall time, and bytes of peak memory, that this should stay within. */
  readonly goal?: { readonly ratio?: number; readonly seconds?: number; readonly peakBytes: number };
}

const mebibyte = 2 ** 20;
const { values: options } = parseArgs({ options: { runs: { type: "string", default: "5" }, size: { type: "string", default: "both" } } });
const root = fileURLToPath(new URL("..", import.meta.url));
await mkdir(join(root, "out"), { recursive: true });
const folder = await mkdtemp(join(root, "out/bench-"));
const output = join(folder, "output");

try {
  for (const size of ["base", "large"] as const) {
    if (options.size === size || options.size === "both") await benchmark(size);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Each process starts with a flushed and idle disk: the one before it must not be paid for by the next. */
async function settle(): Promise<void> {
  await measureProcess("sync", []);
  await new Promise((resolve) => setTimeout(resolve, 1000));
}

async function benchmark(size: "base" | "large"): Promise<void> {
  const converter = createConverter({ adapters: [torch(), lightning()] });
  const config = publishedConfigs[`longformer-${size}-4096`];
  const folders = { qa: join(folder, `${size}-qa`), model: join(folder, `${size}-model`) };
  await converter.convert(converter.plan(generatedCheckpoint(config, "question-answering"), { target: "lightning" }), {
    sink: await directorySink(folders.qa),
  });
  await converter.convert(converter.plan(generatedCheckpoint(config, "model"), { target: "torch" }), {
    sink: await directorySink(folders.model),
  });
  const [checkpoint, weights] = [join(folders.qa, "model.ckpt"), join(folders.model, "pytorch_model.bin")];
  const { size: bytes } = await stat(checkpoint);

  const longspan = (...words: string[]): Case["command"] => [process.execPath, [join(root, "packages/cli/dist/cli.js"), ...words]];
  const copy: Case = {
    name: "cp + sync",
    source: checkpoint,
    command: ["sh", ["-c", `cp --reflink=never '${checkpoint}' '${output}' && sync '${output}'`]],
  };
  const cases: Case[] = [
    {
      name: "Lightning QA → hf",
      source: checkpoint,
      command: longspan("convert", checkpoint, "--to", "hf", "-o", output),
      goal: { ratio: 1.5, peakBytes: 150 * mebibyte },
    },
    {
      name: "torch → paddle, transposed",
      source: weights,
      command: longspan("convert", weights, "--to", "paddle", "-o", output),
      goal: { ratio: 2, peakBytes: 150 * mebibyte },
    },
    {
      name: "inspect",
      source: checkpoint,
      command: longspan("inspect", checkpoint, "--json"),
      goal: { seconds: 0.15, peakBytes: 80 * mebibyte },
    },
  ];
  const python = process.env.PYTHON;
  const script = join(root, "bench/convert_with_python.py");
  const peers: Case[] =
    python === undefined || size === "large"
      ? []
      : [
          {
            name: "Python: Lightning QA → hf",
            source: checkpoint,
            command: [python, [script, "lightning-to-hf", checkpoint, folders.qa, output]],
          },
          {
            name: "Python: torch → paddle",
            source: weights,
            command: [python, [script, "torch-to-paddle", weights, folders.model, output]],
          },
        ];

  const results = new Map<Case, Measurement[]>();
  for (let turn = 0; turn <= Number(options.runs); turn++) {
    for (const one of [copy, ...cases, ...peers]) {
      if (peers.includes(one) && turn > 2) continue;
      await settle();
      const measurement = await measureProcess(...one.command);
      await rm(output, { recursive: true, force: true });
      // The first turn warms the page cache and is not counted.
      if (turn > 0) results.set(one, [...(results.get(one) ?? []), measurement]);
    }
  }

  console.log(`\nlongformer-${size}, ${Math.round(bytes / 1e6)} MB, medians of ${options.runs} interleaved runs`);
  const reference = median((results.get(copy) ?? []).map(({ seconds }) => seconds));
  for (const [{ name, goal }, measurements] of results) {
    const seconds = median(measurements.map((measurement) => measurement.seconds));
    const peak = Math.max(...measurements.map(({ peakBytes }) => peakBytes ?? 0));
    const ratio = seconds / reference;
    const limit = goal?.ratio === undefined ? (goal?.seconds === undefined ? "" : `goal ${goal.seconds} s`) : `goal ${goal.ratio} ×`;
    console.log(
      [
        name.padEnd(28),
        `${seconds.toFixed(3)} s`.padStart(9),
        `${ratio.toFixed(2)} × cp+sync`.padStart(15),
        limit.padStart(11),
        name === copy.name || peak === 0 ? "" : `peak ${Math.round(peak / mebibyte)} MiB`.padStart(14),
        goal === undefined ? "" : `goal ${goal.peakBytes / mebibyte} MiB`,
      ]
        .join("  ")
        .trimEnd(),
    );
  }
}
