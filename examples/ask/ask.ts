// The same questions of one long document to a checkpoint of PyTorch Lightning and to what examples/convert made of it for two other frameworks:
// the answers and their scores must be the same. On the fastest runtime that this machine has.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { questionAnswering } from "@longspan/pipelines";
import { chooseRuntime } from "longspan";

const root = fileURLToPath(new URL("../..", import.meta.url));
const trained = join(root, "examples/train-lightning-qa/model");
const context = await readFile(join(trained, "document.txt"), "utf8");
const asked: { readonly question: string; readonly answer: string; readonly tokens: number }[] = JSON.parse(
  await readFile(join(trained, "questions.json"), "utf8"),
);

const models = {
  Lightning: join(trained, "longformer-qa.ckpt"),
  "Hugging Face": join(root, "out/hf"),
  Paddle: join(root, "out/paddle"),
};

const { runtime, reason } = await chooseRuntime();
console.log(`\nAsking all three the same of a document of ${asked[0]?.tokens ?? 0} tokens, on ${runtime.name}: ${reason}`);

interface Answered {
  readonly answer: string;
  readonly place: string;
  readonly seconds: number;
}

const answers = new Map<string, readonly Answered[]>();
for (const [framework, model] of Object.entries(models)) {
  await using answerer = await questionAnswering({ model, adapters: [torch(), paddle(), lightning()], runtime });
  const found: Answered[] = [];
  for (const { question } of asked) {
    const started = performance.now();
    const { answer, start, end, score } = await answerer({ question, context });
    found.push({ answer, place: `${start} to ${end}, score ${score.toFixed(6)}`, seconds: (performance.now() - started) / 1000 });
  }
  answers.set(framework, found);
}

const columns = [...answers.values()];
const rows = [
  ["", ...answers.keys(), "at", "seconds"],
  ...asked.map(({ question }, index) => [
    question,
    ...columns.map((found) => found[index]?.answer ?? ""),
    columns[0]?.[index]?.place ?? "",
    columns.map((found) => found[index]?.seconds.toFixed(1) ?? "").join(" "),
  ]),
];
const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
console.log();
for (const row of rows) console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());

const isRight = asked.every(({ answer }, index) => columns.every((found) => found[index]?.answer === answer));
const isSame = columns.every((found) =>
  found.every(({ answer, place }, index) => `${answer} ${place}` === `${columns[0]?.[index]?.answer} ${columns[0]?.[index]?.place}`),
);
console.log(
  `\n  ${isRight ? "All answers are right" : "Some answers are wrong"}, and ${isSame ? "the same, with the same scores, from all three" : "they differ"}.`,
);
if (!isRight || !isSame) process.exitCode = 1;

console.log(`
Try next:
  npx longspan inspect examples/train-lightning-qa/model/longformer-qa.ckpt
  npx longspan ask out/paddle --question "What is the access code of the Lagos archive?" --document examples/train-lightning-qa/model/document.txt
  npx longspan convert out/hf --to onnx -o out/model.onnx
  npx longspan doctor`);
