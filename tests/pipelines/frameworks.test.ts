import { expect, test } from "vitest";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { referenceRuntime } from "@longspan/core/runtime";
import { questionAnswering } from "@longspan/pipelines";
import { pathOf, readRecorded } from "./recorded.ts";

/** The same seeded weights, written by transformers, Paddle and Lightning. */
const models = [
  "../huggingface/question-answering",
  "../huggingface/question-answering-sharded-torch",
  "../paddle/heads/question-answering",
  "../lightning/lightning-qa-without-pooler.ckpt",
];

test.each([2, 3])("one model of three frameworks gives one answer, joined by %i separators", async (separators) => {
  const read = readRecorded<object>("../huggingface/question-answering/config.json");
  // Said in full: a checkpoint of allenai's TriviaQA script, as the Lightning one is, has two where nothing is said.
  const config = { ...read, longspan: { questionAnsweringSeparators: separators } };
  const tokenizer = pathOf("../huggingface/question-answering");
  const answers: string[] = [];
  for (const model of models) {
    await using answerer = await questionAnswering({
      model: pathOf(model),
      adapters: [torch(), paddle(), lightning()],
      runtime: referenceRuntime(),
      config,
      tokenizer,
    });
    const context = "the cat sat on the mat. the dog sat near the door. ".repeat(3);
    answers.push(JSON.stringify(await answerer({ question: "where did the cat sit?", context }, { topK: 3 })));
  }
  expect(answers).toEqual(answers.map(() => answers[0]));
});
