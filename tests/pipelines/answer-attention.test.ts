import { readFileSync } from "node:fs";
import { beforeAll, afterAll, expect, test } from "vitest";
import { lightning } from "@longspan/adapter-lightning";
import { torch } from "@longspan/adapter-torch";
import { referenceRuntime } from "@longspan/core/runtime";
import { answerAttention, type AnswerAttentionReader } from "@longspan/pipelines";
import { ort } from "@longspan/runtime-ort";
import { webgpu } from "@longspan/runtime-webgpu";
import { pathOf, readRecorded } from "./recorded.ts";

interface RecordedAttention {
  readonly question: string;
  readonly start: number;
  readonly end: number;
  readonly answer: string;
  readonly answerTokens: number;
  readonly globals: number;
  readonly tokens: number;
  readonly layers: readonly {
    readonly window: number;
    readonly around: number;
    readonly probabilities: readonly number[][][];
    readonly globalSquares: readonly number[][];
    readonly globalProbabilities: readonly number[][][];
  }[];
  /** Which global tokens' probabilities are written out, and of which tokens of the row. */
  readonly globalRows: readonly number[];
  readonly globalColumns: readonly number[];
}

const recorded = readRecorded<RecordedAttention>("answer-attention.json");
const model = pathOf("../../examples/train-lightning-qa/model");
const context = readFileSync(`${model}/document.txt`, "utf8");
const { question, start, end } = recorded;

let reader: AnswerAttentionReader;

beforeAll(async () => {
  reader = await answerAttention({ model: `${model}/longformer-qa.ckpt`, adapters: [torch(), lightning()], runtime: ort() });
});

afterAll(() => reader.dispose());

test.each([0, 1, 2])("of layer %i the probabilities are transformers'", async (layer) => {
  const found = await reader({ question, context, start, end }, { layer });
  const expected = recorded.layers[layer];
  expect(found).toMatchObject({ layer, heads: 4, window: expected?.window });
  expect(found.rows).toHaveLength(recorded.answerTokens);
  expect(found.globals).toHaveLength(recorded.globals);
  expect(found.around).toHaveLength(expected?.around ?? 0);
  const values = expected?.probabilities.flat(2) ?? [];
  expect(found.probabilities).toHaveLength(values.length);
  const worst = values.reduce((most, value, index) => Math.max(most, Math.abs(value - (found.probabilities[index] ?? Number.NaN))), 0);
  expect(worst).toBeLessThan(1e-5);
});

test.each([0, 1, 2])("of layer %i the global tokens' probabilities are transformers', over all that was read", async (layer) => {
  const found = await reader({ question, context, start, end }, { layer, of: "globals" });
  const expected = recorded.layers[layer];
  expect(found.rows).toEqual(found.globals);
  expect(found.globals).toHaveLength(recorded.globals);
  const columns = found.globals.length + found.around.length;
  expect(columns).toBe(recorded.tokens);
  expect(found.probabilities).toHaveLength(4 * recorded.globals * columns);
  const rowOf = (head: number, row: number): Float32Array =>
    found.probabilities.subarray((head * recorded.globals + row) * columns, (head * recorded.globals + row + 1) * columns);
  for (let head = 0; head < found.heads; head++) {
    const written = recorded.globalRows.map((row) => recorded.globalColumns.map((column) => rowOf(head, row)[column] ?? Number.NaN));
    const values = expected?.globalProbabilities[head] ?? [];
    const off = values.flatMap((row, index) => row.map((value, column) => Math.abs(value - (written[index]?.[column] ?? Number.NaN))));
    expect(Math.max(...off)).toBeLessThan(1e-5);
    for (let row = 0; row < recorded.globals; row++) {
      const values = rowOf(head, row);
      expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(1, 4);
      const squares = expected?.globalSquares[head]?.[row] ?? Number.NaN;
      expect(Math.abs(values.reduce((total, value) => total + value * value, 0) / squares - 1)).toBeLessThan(1e-3);
    }
  }
});

test("tokens have their text and their place; the last layer is the default", async () => {
  const found = await reader({ question, context, start, end });
  expect(found.layer).toBe(2);
  expect(
    found.rows
      .map(({ text }) => text)
      .join("")
      .trim(),
  ).toBe(recorded.answer);
  for (const { text, start: from, end: to } of [...found.rows, ...found.around]) expect(context.slice(from, to)).toBe(text);
  expect(found.globals.some(({ text }) => text.includes("Geneva"))).toBe(true);
});

test("runtimes agree; each row sums to 1", async () => {
  const short = context.slice(0, 1200);
  const expected = await reader({ question, context: short, start, end }, { layer: 1 });
  for (const runtime of [referenceRuntime(), webgpu()]) {
    await using other = await answerAttention({ model: `${model}/longformer-qa.ckpt`, adapters: [torch(), lightning()], runtime });
    const found = await other({ question, context: short, start, end }, { layer: 1 });
    const worst = expected.probabilities.reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (found.probabilities[index] ?? Number.NaN))),
      0,
    );
    expect(worst).toBeLessThan(1e-4);
    const columns = found.globals.length + found.around.length;
    for (let row = 0; row < found.heads * found.rows.length; row++) {
      const sum = found.probabilities.subarray(row * columns, (row + 1) * columns).reduce((total, value) => total + value, 0);
      expect(sum).toBeCloseTo(1, 4);
    }
  }
});

test("a layer that is not there, and a piece without a token, are refused by name", async () => {
  await expect(reader({ question, context, start, end }, { layer: 3 })).rejects.toMatchObject({ code: "argument-invalid" });
  await expect(reader({ question, context, start, end }, { of: "question" as "answer" })).rejects.toMatchObject({
    code: "argument-invalid",
    message: expect.stringContaining('"globals"'),
  });
  await expect(reader({ question, context, start: 5, end: 5 })).rejects.toMatchObject({ code: "inputs-invalid" });
});
