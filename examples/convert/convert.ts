// A PyTorch Lightning question-answering checkpoint becomes a Hugging Face folder and a Paddle one; both are compared with it.
import { mkdir, stat } from "node:fs/promises";
import { basename, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { createConverter, headName, type Checkpoint, type ConversionPlan } from "@longspan/core";
import { directorySink } from "@longspan/core/node";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";

const converter = createConverter({ adapters: [torch(), paddle(), lightning()] });
const root = fileURLToPath(new URL("../..", import.meta.url));

const source = await converter.open(`${root}examples/train-lightning-qa/model/longformer-qa.ckpt`);
const layers = source.config?.layers ?? 0;
console.log(
  `\n${basename(source.name)}  ${megabytes((await stat(source.name)).size)} of PyTorch Lightning: ${headName(source.head ?? "model")}, ${layers} layers, ${source.tensors.length} tensors`,
);

await mkdir(`${root}out`, { recursive: true });
let different = false;
for (const [target, name] of [
  ["hf", "Hugging Face"],
  ["paddle", "Paddle"],
] as const) {
  const plan = converter.plan(source, { target });
  if (target === "paddle") printLayer(plan);
  const folder = `${root}out/${target}`;
  const started = performance.now();
  const written = await converter.convert(plan, { sink: await directorySink(folder, { force: true, sources: [source.name] }) });
  const seconds = (performance.now() - started) / 1000;
  const sizes = await Promise.all(written.map(async (path) => (await stat(path)).size));
  const copy: Checkpoint = await converter.open(folder);
  const { equal, compared, differing } = await converter.verify(source, copy);
  const total = megabytes(sizes.reduce((sum, size) => sum + size, 0));
  console.log(
    `→ ${name.padEnd(12)}  ${relative(".", folder)}: ${written.length} files, ${total}, in ${seconds.toFixed(2)} s; ${compared} tensors compared, ${differing} values differ`,
  );
  different ||= !equal;
  await copy.close();
}
await source.close();
process.exitCode = different ? 1 : 0;

/** What becomes of the first layer; the others are alike. */
function printLayer({ steps }: ConversionPlan): void {
  const [from, to] = ["model.encoder.layer.0.", "longformer.encoder.layers.0."];
  const shape = (dimensions: readonly number[]): string => `[${dimensions.join(", ")}]`;
  const layer = steps.filter((step) => step.source.startsWith(from) && step.target.startsWith(to));
  const rows = [
    [`${from}…`, "shape", `${to}…`, "shape", ""],
    ...layer.map((step) => [
      step.source.slice(from.length),
      shape(step.sourceShape),
      step.target.slice(to.length),
      shape(step.targetShape),
      step.transposed ? "transposed" : "",
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  console.log();
  for (const row of rows) console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
  const others = steps.length - layer.length * layers;
  console.log(`  … the ${layers - 1} other layers are alike; ${others} tensors more are the embeddings and the head.\n`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
