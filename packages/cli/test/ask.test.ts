import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand, runDocument, runWithInput } from "./run-command.ts";

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
  readonly answers: readonly Answer[];
}

interface Answer {
  readonly answer: string;
  readonly start: number;
  readonly end: number;
  readonly score: number;
  readonly transformersScore: number;
}

interface AskDocument {
  readonly answers: readonly Answer[];
  readonly windows: number;
  readonly timings: object;
}

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const folderOfQa = join(fixtures, "huggingface/question-answering");
const catText = "the cat sat on the mat near the door. A dog\u001b[31m read\non.\n";
let folder = "";
let catFile = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-ask-"));
  catFile = await textFile("cat.txt", catText);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function textFile(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function runAsk(...words: readonly string[]): Promise<{ readonly code: number; readonly document: AskDocument }> {
  const { code, document } = await runDocument("ask", ...words);
  return { code, document: document as AskDocument };
}

const { cases } = JSON.parse(await readFile(join(fixtures, "pipelines/question-answering.json"), "utf8")) as {
  cases: readonly RecordedCase[];
};

describe("answers as transformers' pipeline does, every option through the command line", () => {
  test.each(cases.map((recorded, index) => [index, recorded.question, recorded] as const))(
    "case %i: %s",
    async (index, question, recorded) => {
      const words = [
        join(fixtures, "pipelines", recorded.model),
        `--question=${question}`,
        `--document=${await textFile(`case-${index}.txt`, recorded.context)}`,
        `--top-k=${recorded.topK}`,
        `--max-answer-tokens=${recorded.maxAnswerTokens}`,
        `--window-tokens=${recorded.windowTokens}`,
        `--stride-tokens=${recorded.strideTokens}`,
        "--overlapping",
        ...(recorded.alignToWords ? [] : ["--within-words"]),
        ...(recorded.noAnswer ? ["--allow-no-answer"] : []),
      ];
      const { code, document } = await runAsk(...words);
      expect(code).toBe(0);
      expect(document.answers.map(({ answer, start, end }) => ({ answer, start, end }))).toEqual(
        recorded.answers.map(({ answer, start, end }) => ({ answer, start, end })),
      );
      for (const [at, { score }] of recorded.answers.entries()) expect(document.answers[at]?.transformersScore).toBeCloseTo(score, 5);
    },
  );
});

test("the document has the promised keys", async () => {
  const { document } = await runAsk(folderOfQa, "--question", "where did the cat sit?", "--document", catFile);
  expect(document).toMatchObject({ windows: 1, runtime: "reference", device: "cpu", warnings: [] });
  expect(Object.keys(document.timings)).toEqual(["loadMilliseconds", "runMilliseconds"]);
  const [{ answer, start, end } = { answer: "", start: 0, end: 0 }] = document.answers;
  expect(Object.keys(document.answers[0] ?? {}).toSorted()).toEqual(["answer", "end", "place", "score", "start", "transformersScore"]);
  expect(catText.slice(start, end)).toBe(answer);
});

test("for people: the answer, its score and its sentence; nothing of a document reaches the terminal as a command", async () => {
  const words = ["ask", folderOfQa, "--question", "where did the cat sit?"];
  const fromFile = await runCommand(...words, "--document", catFile, "--top-k", "40");
  expect(fromFile).toMatchObject({ code: 0, error: "" });
  expect(fromFile.out).toMatch(/^.+ {2}score 0\.\d+, low confidence {2}\S+cat\.txt, lines? \d.*\n {2}.*«.+».*$/m);
  expect(fromFile.out).not.toContain("\u001b");
  const lines = fromFile.out.trimEnd().split("\n");
  for (const line of lines.filter((_, index) => index % 2 === 1)) expect(line).toMatch(/^ {2}.*«.+»/);
  const piped = await runWithInput(catText, ...words, "--document", "-", "--top-k", "40");
  expect({ ...piped, out: piped.out.replaceAll("standard input", catFile) }).toEqual(fromFile);
});

test("answers with a high enough score alone; where none has it, that is said", async () => {
  const words = [folderOfQa, "--question", "where did the cat sit?", "--document", catFile, "--top-k", "40"];
  const all = (await runAsk(...words)).document.answers;
  const [best] = all;
  const some = await runAsk(...words, "--min-score", String(best?.score));
  expect(some.document.answers).toEqual([best]);
  expect((await runAsk(...words, "--min-score", "1")).document.answers).toEqual([]);
  const told = await runCommand("ask", ...words, "--min-score", "1");
  expect(told).toMatchObject({ code: 0, out: "no answer  none has a score of 1\n" });
  expect(await runCommand("ask", ...words, "--min-score", "2")).toMatchObject({ code: 2, error: expect.stringContaining("--min-score") });
});

test("a tokenizer from elsewhere, and a model of another framework", async () => {
  const paddle = join(folder, "paddle/model.pdparams");
  await runCommand("convert", folderOfQa, "--to", "paddle", "-o", join(folder, "paddle/"));
  const bare = join(folder, "bare");
  await runCommand("convert", folderOfQa, "--to", "hf", "-o", bare);
  for (const name of ["tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"])
    await rm(join(bare, name));
  const words = ["--question", "where did the cat sit?", "--document", catFile];
  const expected = (await runAsk(folderOfQa, ...words)).document.answers;
  expect((await runAsk(join(paddle, "../model_state.pdparams"), ...words)).document.answers).toEqual(expected);
  expect((await runAsk(bare, ...words, "--tokenizer", folderOfQa)).document.answers).toEqual(expected);
  const without = await runCommand("ask", bare, ...words);
  expect(without).toMatchObject({ code: 1, error: expect.stringContaining("tokenizer") });
});

describe("bad input ends with exit code 1, one message and no stack", () => {
  test.each<[string, string, readonly string[]]>([
    ["an empty question", "The question is empty", ["--question", " ", "--document", "cat.txt"]],
    ["an empty document", "empty.txt) is empty", ["--question", "where?", "--document", "empty.txt"]],
    ["no document", "nowhere.txt", ["--question", "where?", "--document", "nowhere.txt"]],
    ["nothing piped in", "(standard input) is empty", ["--question", "where?", "--document", "-"]],
    ["bytes that are no text", "not text in UTF-16LE", ["--question", "where?", "--document", "binary.txt"]],
    ["a question longer than the model", "leaves no room for the document", ["--question", "the cat ".repeat(30), "--document", "cat.txt"]],
  ])("%s", async (_, message, words) => {
    await textFile("empty.txt", " \n");
    await writeFile(join(folder, "binary.txt"), Buffer.of(0xff, 0xfe, 0x00));
    const { code, out, error } = await runCommand(
      "ask",
      folderOfQa,
      ...words.map((word) => (word.endsWith(".txt") ? join(folder, word) : word)),
    );
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(error).toContain(message);
    expect(error.trim().split("\n")).toHaveLength(1);
  });

  test("a model with another head, and what to use instead", async () => {
    const words = ["--question", "where?", "--document", catFile, "--tokenizer", folderOfQa];
    const { code, error } = await runCommand("ask", join(fixtures, "huggingface/masked-lm"), ...words);
    expect(code).toBe(1);
    expect(error).toContain("has the head masked-lm; longspan ask needs question-answering");
    expect(error).toContain("longspan fill");
    const claimed = await runCommand("ask", join(fixtures, "huggingface/masked-lm"), ...words, "--head", "question-answering");
    expect(claimed).toMatchObject({ code: 1, error: expect.stringContaining("qa_outputs.weight") });
  });
});

describe("wrong usage ends with exit code 2", () => {
  test.each<[string, readonly string[], string]>([
    ["no question", ["--document", "cat.txt"], "--question"],
    ["no document", ["--question", "where?"], "--document"],
    ["no answers at all", ["--question", "where?", "--document", "cat.txt", "--top-k", "0"], "1 or more"],
    ["a window beyond the model's", ["--question", "where?", "--document", "cat.txt", "--window-tokens", "41"], "from 1 to 40"],
    [
      "an unknown runtime",
      ["--question", "where?", "--document", "cat.txt", "--runtime", "abacus"],
      "There are: auto, webgpu, ort, reference",
    ],
  ])("%s", async (_, words, message) => {
    const { code, error } = await runCommand("ask", folderOfQa, ...words.map((word) => (word === "cat.txt" ? catFile : word)));
    expect(code).toBe(2);
    expect(error).toContain(message);
    expect(error).not.toMatch(/\n\s+at /);
  });
});
