// A program of the GPU archive: the questions of examples/ask, a trained model and a document of 4,006 tokens, in both precisions. The answers must be
// the right ones, at the same places, and as sure of themselves.
// Options: --questions N (the first so many; default: all), --output FILE.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { lightning } from "@longspan/adapter-lightning";
import { questionAnswering } from "@longspan/pipelines";
import { webgpu } from "@longspan/runtime-webgpu";

interface Question {
  readonly question: string;
  readonly answer: string;
  readonly start: number;
  readonly end: number;
}

/** Between the scores of an answer in the two precisions. */
const allowed = 2e-2;

const { values: options } = parseArgs({ options: { questions: { type: "string" }, output: { type: "string" } } });
const model = fileURLToPath(new URL("../examples/train-lightning-qa/model/", import.meta.url));
const context = await readFile(`${model}document.txt`, "utf8");
const all = JSON.parse(await readFile(`${model}questions.json`, "utf8")) as readonly Question[];
const questions = all.slice(0, Number(options.questions ?? all.length));
await using runtime = webgpu({ tuning: "rules" });
const results: { question: string; precision: string; answer: string; start: number; score: number; right: boolean }[] = [];
for (const dataType of ["float32", "float16"] as const) {
  await using ask = await questionAnswering({ model: `${model}longformer-qa.ckpt`, adapters: [lightning()], runtime, dataType });
  for (const { question, ...expected } of questions) {
    const { answer, start, end, score } = await ask({ question, context });
    const right = answer === expected.answer && start === expected.start && end === expected.end;
    results.push({ question, precision: dataType, answer, start, score, right });
    console.log(`${dataType}: ${question} ${answer}, at ${start}, score ${score.toFixed(6)}${right ? "" : `: WRONG, ${expected.answer}`}`);
  }
}
const apart = questions.map(({ question }) => {
  const [wide = 0, narrow = 0] = results.filter((one) => one.question === question).map(({ score }) => score);
  return Math.abs(wide - narrow);
});
console.log(`scores in the two precisions are apart by ${Math.max(...apart).toExponential(2)}; allowed ${allowed}`);
if (options.output !== undefined) await writeFile(options.output, JSON.stringify(results));
process.exitCode = results.every(({ right }) => right) && Math.max(...apart) <= allowed ? 0 : 1;
