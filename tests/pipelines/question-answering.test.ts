import { afterAll, describe, expect, test } from "vitest";
import { torch } from "@longspan/adapter-torch";
import { referenceRuntime } from "@longspan/core/runtime";
import { questionAnswering, type Answer, type QuestionAnswerer } from "@longspan/pipelines";
import { pathOf, readRecorded } from "./recorded.ts";

interface RecordedCase {
  readonly model: string;
  readonly question: string;
  readonly context: string;
  readonly windowTokens: number;
  readonly strideTokens: number;
  readonly maxAnswerTokens: number;
  readonly alignToWords: boolean;
  readonly topK: number;
  readonly noAnswer: boolean;
  readonly answers: readonly RecordedAnswer[];
}

/** The score is transformers'. */
type RecordedAnswer = Pick<Answer, "answer" | "start" | "end" | "score">;

const { cases } = readRecorded<{ cases: readonly RecordedCase[] }>("question-answering.json");
const answerers = new Map<string, Promise<QuestionAnswerer>>();

async function answererOf(model: string): Promise<QuestionAnswerer> {
  const made = answerers.get(model) ?? questionAnswering({ model: pathOf(model), adapters: [torch()], runtime: referenceRuntime() });
  answerers.set(model, made);
  return made;
}

afterAll(async () => {
  for (const answerer of answerers.values()) await (await answerer).dispose();
});

function rounded({ score, ...answer }: RecordedAnswer): Answer {
  return { ...answer, transformersScore: expect.closeTo(score, 6), score: expect.any(Number) };
}

describe("answers of transformers' question-answering pipeline", () => {
  test.each(cases.map((recorded, index) => ({ ...recorded, index })))(
    "$index: $model, $windowTokens/$strideTokens/$maxAnswerTokens, words $alignToWords, top $topK, no answer $noAnswer",
    async ({ model, question, context, answers, windowTokens, strideTokens, maxAnswerTokens, alignToWords, topK, noAnswer }) => {
      const answerer = await answererOf(model);
      const options = { windowTokens, strideTokens, maxAnswerTokens, alignToWords, topK, noAnswer, overlapping: true };
      const result = await answerer({ question, context }, options);
      expect(result.answers).toEqual(answers.map(rounded));
      for (const { answer, start, end } of result.answers) expect(context.slice(start, end)).toBe(answer);
    },
  );

  test("a list, in batches of windows of different lengths, answers as one by one", async () => {
    const some = cases.filter(({ model, windowTokens, topK }) => model === cases[0]?.model && windowTokens === 384 && topK === 1);
    const answerer = await answererOf("question-answering");
    const options = { windowTokens: 384, strideTokens: 128, maxAnswerTokens: 15 };
    const one = await Promise.all(some.map(async (input) => answerer(input, options)));
    const all = await answerer(some, { ...options, batchSize: 3 });
    expect(all.map(({ answer, start }) => ({ answer, start }))).toEqual(one.map(({ answer, start }) => ({ answer, start })));
    for (const [index, { score }] of all.entries()) expect(score).toBeCloseTo(one[index]?.score ?? 0, 6);
  });
});
