import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { torch } from "@longspan/adapter-torch";
import { referenceRuntime } from "@longspan/core/runtime";
import { classifyText, classifyTokens, embedText, fillMask } from "@longspan/pipelines";
import { runCommand, runDocument, runWithInput } from "./run-command.ts";
import { readTensors, writeTensors } from "./tensor-files.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const tokenizer = join(fixtures, "huggingface/question-answering");
const maskedModel = join(fixtures, "huggingface/masked-lm");
const bareModel = join(fixtures, "huggingface/model");
const textModel = join(fixtures, "forward/models/sequence-classification");
const tokenModel = join(fixtures, "forward/models/token-classification");
const [first, second] = ["the cat sat on the mat", "a dog met the hen, and read"];
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-text-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const pipelineOptions = (model: string): Parameters<typeof fillMask>[0] => ({
  model,
  adapters: [torch()],
  runtime: referenceRuntime(),
  tokenizer,
});

async function runText(...words: readonly string[]): Promise<Record<string, unknown>> {
  const { code, document } = await runDocument(...words, "--tokenizer", tokenizer);
  expect(code).toBe(0);
  expect(document).toMatchObject({ runtime: "reference", device: "cpu", warnings: [] });
  return document as Record<string, unknown>;
}

describe("fill", () => {
  const text = "the <mask> sat on the <mask>.";

  test("its document holds what the pipeline gives, for each mask", async () => {
    const filler = await fillMask(pipelineOptions(maskedModel));
    const { results, timings } = await runText("fill", maskedModel, "--text", text, "--top-k", "3");
    expect(results).toEqual([{ id: 1, masks: await filler(text, { topK: 3 }) }]);
    expect(Object.keys(timings as object)).toEqual(["loadMilliseconds", "runMilliseconds"]);
    await filler.dispose();
  });

  test("for people: the mask and its words; piped in", async () => {
    const words = ["fill", maskedModel, "--tokenizer", tokenizer];
    const { code, out, error } = await runWithInput(`${text}\n`, ...words, "--document", "-");
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(out.match(/«<mask>»/g)).toHaveLength(2);
    expect(out).toMatch(/^the «<mask>» sat on the <mask>\..*\n[^]*^the <mask> sat on the «<mask>»\./m);
    expect(out.trimEnd().split("\n")).toHaveLength(2 * (1 + 5));
  });

  test("a text without a mask, and a model that fills none", async () => {
    const refused = await runCommand("fill", maskedModel, "--tokenizer", tokenizer, "--text", first);
    expect(refused).toMatchObject({ code: 1, out: "", error: expect.stringContaining("has no <mask>") });
    const other = await runCommand("fill", bareModel, "--tokenizer", tokenizer, "--text", text);
    expect(other).toMatchObject({ code: 1, error: expect.stringContaining("has no head; longspan fill needs masked-lm") });
  });
});

describe("classify", () => {
  test("texts, by a sequence-classification head", async () => {
    const classifier = await classifyText(pipelineOptions(textModel));
    const expected = (await classifier([first, second])).map(({ labels, windows, unreadTokens }) => ({ labels, windows, unreadTokens }));
    await classifier.dispose();
    const document = await runText("classify", textModel, "--text", first, "--text", second);
    expect(document).toMatchObject({ head: "sequence-classification", results: expected });
    expect(expected[0]?.labels.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 6);
    const { results } = await runText("classify", textModel, "--text", first, "--scores", "none");
    expect(results).not.toEqual(expected.slice(0, 1));
    const { out } = await runCommand("classify", textModel, "--tokenizer", tokenizer, "--text", first);
    expect(out).toMatch(/^LABEL_\d {2}0\.\d+\nLABEL_\d {2}0\.\d+\nLABEL_\d {2}0\.\d+\n$/);
  });

  test("reads a long text to its end", async () => {
    const { results } = await runText("classify", textModel, "--text", "the cat ".repeat(30));
    expect(results).toMatchObject([{ windows: expect.any(Number), unreadTokens: 0 }]);
    expect((results as { windows: number }[])[0]?.windows).toBeGreaterThan(1);
    const words = ["classify", textModel, "--tokenizer", tokenizer, "--text", "the cat ".repeat(30)];
    expect((await runCommand(...words)).error).toMatch(
      /^note {2}A label's score is the mean of those of \d+ windows, in which the text was read\.\n$/,
    );
    expect((await runCommand(...words, "--text", first)).error).toMatch(/in which text 1 was read\.\n$/);
  });

  test("tokens, by a token-classification head", async () => {
    const classifier = await classifyTokens(pipelineOptions(tokenModel));
    const expected = await classifier(first, { aggregation: "simple" });
    await classifier.dispose();
    const document = await runText("classify", tokenModel, "--text", first, "--aggregation", "simple");
    expect(document).toMatchObject({ head: "token-classification", results: [{ entities: expected }] });
    const { out } = await runCommand("classify", tokenModel, "--tokenizer", tokenizer, "--text", first);
    expect(out).toMatch(/^LABEL_\d {2}0\.\d+ {2}.*«.+»/);
  });

  test("names that fit two heads: without a configuration that says which, tokens are meant", async () => {
    const unnamed = join(folder, "unnamed");
    await cp(tokenModel, unnamed, { recursive: true });
    const { default: config } = (await import(join(tokenModel, "config.json"), { with: { type: "json" } })) as { default: object };
    await writeFile(join(unnamed, "config.json"), JSON.stringify({ ...config, architectures: undefined }));
    expect(await runText("classify", unnamed, "--text", first)).toMatchObject({ head: "token-classification" });
  });

  test("options of the other head are refused, on the command line and of a line", async () => {
    for (const [model, option, value] of [
      [textModel, "aggregation", "simple"],
      [tokenModel, "scores", "softmax"],
      [tokenModel, "window-scores", "max"],
    ] as const) {
      const words = ["classify", model, "--tokenizer", tokenizer];
      const refused = await runCommand(...words, "--text", first, `--${option}`, value);
      expect([refused.code, refused.error]).toEqual([2, expect.stringContaining(`--${option} is for models that label`)]);
      const line = `${JSON.stringify({ text: first, [option]: value })}\n${JSON.stringify({ text: first })}\n`;
      const { out } = await runWithInput(line, ...words, "--input", "-");
      expect(out.split("\n").map((text) => text.includes("is for models that label"))).toEqual([true, false, false]);
    }
  });

  test("a model with another head, and what to use instead", async () => {
    const { code, error } = await runCommand("classify", maskedModel, "--tokenizer", tokenizer, "--text", first);
    expect(code).toBe(1);
    expect(error).toContain("longspan classify needs sequence-classification or token-classification");
    expect(error).toContain("longspan fill");
  });
});

describe("embed", () => {
  test("any Longformer, one vector a text", async () => {
    const embedder = await embedText(pipelineOptions(maskedModel));
    const expected = await embedder([first, second], { pooling: "cls", normalize: true });
    await embedder.dispose();
    const words = ["embed", maskedModel, "--pooling", "cls", "--normalize"];
    const { embeddings, ids } = await runText(...words, "--text", first, "--text", second);
    expect({ ids, embeddings }).toEqual({ ids: [1, 2], embeddings: expected.map((vector) => Array.from(vector)) });
    const lines: string[] = [];
    for (const text of [first, second]) lines.push((await runCommand(...words, "--text", text, "--tokenizer", tokenizer)).out.trimEnd());
    expect(lines.map((line) => line.split(" ").length)).toEqual([16, 16]);
    const length = Math.hypot(...(lines[0] ?? "").split(" ").map(Number));
    expect(length).toBeCloseTo(1, 6);
    const several = await runCommand(...words, "--text", first, "--text", second, "--tokenizer", tokenizer);
    expect(several.out).toBe(`text 1  ${lines[0]}\ntext 2  ${lines[1]}\n`);
  });
});

describe("bad input and wrong usage", () => {
  test.each(["fill", "classify", "embed"])("%s without a text, with an empty one, with an unknown runtime", async (command) => {
    expect(await runCommand(command, maskedModel)).toMatchObject({ code: 2, out: "", error: expect.stringContaining("--text") });
    expect(await runCommand(command, maskedModel, "--text", "")).toMatchObject({
      code: 1,
      error: expect.stringContaining("The text is empty"),
    });
    const words = [command, maskedModel, "--text", "x", "--runtime", "abacus"];
    expect(await runCommand(...words)).toMatchObject({ code: 2, error: expect.stringContaining('no runtime "abacus"') });
  });

  test("weights that are not numbers, and a tokenizer of another model", async () => {
    const broken = join(folder, "not-finite");
    await cp(bareModel, broken, { recursive: true });
    const weights = await readTensors(join(bareModel, "model.safetensors"));
    const bias = weights["encoder.layer.0.output.dense.bias"];
    if (bias?.dataType !== "float32") throw new Error("no bias");
    bias.data[0] = Number.POSITIVE_INFINITY;
    await writeTensors(join(broken, "model.safetensors"), weights);
    const { code, error } = await runCommand("embed", broken, "--tokenizer", tokenizer, "--text", first);
    expect({ code, one: error.trim().split("\n").length }).toEqual({ code: 1, one: 1 });
    expect(error).toContain("encoder.layer.0.output.dense.bias");
    const foreign = join(fixtures, "pipelines/byte-level");
    const refused = await runCommand("embed", bareModel, "--tokenizer", foreign, "--text", first);
    expect(refused).toMatchObject({ code: 1, error: expect.stringContaining("vocabulary ends at 59") });
  });
});
