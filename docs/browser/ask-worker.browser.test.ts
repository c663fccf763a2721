import { expect, test } from "vitest";
import { askWorker } from "./ask-worker.ts";

const fixtures = "/fixtures/huggingface/question-answering/";

async function chosen(fileNames: readonly string[]): Promise<File[]> {
  return Promise.all(fileNames.map(async (name) => new File([await (await fetch(fixtures + name)).blob()], name)));
}

const context = "The depot in Krakow opens at nine. The one in Geneva opens at ten.";
const question = "When does it open?";

test("an error of the worker arrives with its code and details, and the next question is answered", async () => {
  await expect(askWorker({ files: await chosen(["config.json"]), question, context })).rejects.toMatchObject({
    name: "LongspanError",
    code: "not-found",
  });
  const files = await chosen(["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]);
  const { answer, start, end } = await askWorker({ files, question, context });
  expect(answer).not.toBe("");
  expect(context.slice(start, end)).toBe(answer);
});
