// Asks three questions of a document of 4,000 tokens, of the Lightning checkpoint and of the copies that examples/convert made of it:
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
console.log(`\nRuntime ${runtime.name}: ${reason}`);

const results: string[][] = [];
for (const [framework, model] of Object.entries(models)) {
  const answerer = await questionAnswering({ model, adapters: [torch(), paddle(), lightning()], runtime });
  const answers: string[] = [];
  console.log(`\n${framework}: ${model}`);
  for (const { question, tokens, answer: expected } of asked) {
    const started = performance.now();
    const { answer, start, end, score } = await answerer({ question, context });
    const seconds = (performance.now() - started) / 1000;
    const verdict = answer === expected ? "right" : `wrong: it is ${expected}`;
    console.log(
      `  ${question} (${tokens} tokens)\n    ${answer}  at ${start}–${end}, score ${score.toFixed(6)}, ${seconds.toFixed(1)} s, ${verdict}`,
    );
    answers.push(`${answer} ${start} ${end} ${score}`);
    if (answer !== expected) process.exitCode = 1;
  }
  results.push(answers);
  await answerer.dispose();
}

const identical = results.every((answers) => answers.join("\n") === results[0]?.join("\n"));
console.log(identical ? "\nAll three give identical answers and scores." : "\nThe three differ.");
if (!identical) process.exitCode = 1;
