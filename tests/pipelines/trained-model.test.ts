import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lightning } from "@longspan/adapter-lightning";
import { torch } from "@longspan/adapter-torch";
import type { ProgressEvent } from "@longspan/core";
import { referenceRuntime } from "@longspan/core/runtime";
import { questionAnswering, type Answer } from "@longspan/pipelines";
import { pathOf, readRecorded } from "./recorded.ts";

interface RecordedCase {
  readonly question: string;
  readonly windowTokens: number;
  readonly strideTokens: number;
  readonly maxAnswerTokens: number;
  readonly alignToWords: boolean;
  readonly topK: number;
  readonly noAnswer: boolean;
  readonly answers: readonly Answer[];
}

const { cases } = readRecorded<{ cases: readonly RecordedCase[] }>("trained-question-answering.json");
const model = pathOf("../../examples/train-lightning-qa/model");
const context = readFileSync(`${model}/document.txt`, "utf8");

test("a trained Lightning checkpoint answers over a document of 4000 tokens as transformers' pipeline does", async () => {
  const loading: ProgressEvent[] = [];
  await using answerer = await questionAnswering({
    model: `${model}/longformer-qa.ckpt`,
    adapters: [torch(), lightning()],
    runtime: referenceRuntime(),
    onProgress: (event) => loading.push(event),
  });
  expect([...new Set(loading.map(({ stage }) => stage))]).toEqual(["open", "tokenizer", "prepare"]);
  for (const { question, answers, ...options } of cases) {
    const running: ProgressEvent[] = [];
    const result = await answerer({ question, context }, { ...options, overlapping: true, onProgress: (event) => running.push(event) });
    expect(result.answers.slice(0, answers.length)).toEqual(
      answers.map(({ score, ...answer }) => ({ ...answer, transformersScore: expect.closeTo(score, 4), score: expect.any(Number) })),
    );
    const [best] = answers;
    expect(result.answers[0]?.score).toBeGreaterThan(0.9);
    expect([best?.answer, result.lowConfidence]).toEqual([result.answer, false]);
    expect(running.at(-1)).toMatchObject({ stage: "run", unit: "steps" });
    expect(running.at(-1)?.done).toBe(running.at(-1)?.total);
  }
});
