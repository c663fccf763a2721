// A PyTorch Lightning question-answering checkpoint becomes a Hugging Face folder and a Paddle one; both are compared with it.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Checkpoint, type ConversionPlan, createConverter } from "@longspan/core";
import { directorySink } from "@longspan/core/node";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";

const converter = createConverter({ adapters: [torch(), paddle(), lightning()] });
const root = fileURLToPath(new URL("../..", import.meta.url));

const source = await converter.open(`${root}examples/train-lightning-qa/model/longformer-qa.ckpt`);
console.log(
  `${source.name}\n  ${source.container}, ${source.envelope}; layout ${source.layout}, prefix "${source.prefix}", head ${source.head}, ${source.tensors.length} tensors\n`,
);

await mkdir(`${root}out`, { recursive: true });
let different = false;
for (const target of ["hf", "paddle"]) {
  const plan = converter.plan(source, { target });
  if (target === "paddle") printTable(plan);
  for (const { name, reason } of plan.dropped.filter(({ name }) => source.tensors.some(({ sourceName }) => sourceName === name)))
    console.log(`dropped  ${name}: ${reason}`);

  const folder = `${root}out/${target}`;
  for (const path of await converter.convert(plan, { sink: await directorySink(folder, { force: true, sources: [source.name] }) }))
    console.log(`wrote    ${path}`);

  const copy: Checkpoint = await converter.open(folder);
  const { equal, compared, differing } = await converter.verify(source, copy);
  console.log(`verified ${compared} tensors: ${differing} values differ\n`);
  different ||= !equal;
  await copy.close();
}
await source.close();
process.exitCode = different ? 1 : 0;

function printTable(plan: ConversionPlan): void {
  const shape = (dimensions: readonly number[]): string => `[${dimensions.join(", ")}]`;
  const rows = [
    ["Lightning", "shape", "Paddle", "shape", ""],
    ...plan.steps.map((step) => [step.source, shape(step.sourceShape), step.target, shape(step.targetShape), step.transposed ? "T" : ""]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  console.log();
}
