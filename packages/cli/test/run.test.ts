import { copyFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Tensor } from "@longspan/core";
import { runCommand, runDocument, runJson, runWithInput } from "./run-command.ts";
import { maxDifference, nestedLists, readTensors, writeTensors } from "./tensor-files.ts";

interface ForwardCase {
  readonly name: string;
  readonly model: string;
  readonly head: string;
  readonly file: string;
  readonly outputs: readonly string[];
  readonly tolerance: number;
}

interface Outputs {
  readonly outputs: Readonly<Record<string, { shape: number[]; dataType: string; data: number[][] }>>;
  readonly timings: object;
}

async function runModel(...words: readonly string[]): Promise<{ readonly code: number; readonly document: Outputs }> {
  const { code, document } = await runDocument("run", ...words);
  return { code, document: document as Outputs };
}

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const bareModel = join(fixtures, "huggingface/model");
const maskedModel = join(fixtures, "huggingface/masked-lm");
const { cases } = JSON.parse(await readFile(join(fixtures, "forward/cases.json"), "utf8")) as { cases: readonly ForwardCase[] };
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-run-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const jsonFile = async (name: string, value: unknown): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
};

/** Recorded by transformers; it lays global attentions out with a padding of its own, which is compared elsewhere. */
const comparable = (name: string): boolean => !name.startsWith("global_attentions.");

describe("gives what transformers gives, from safetensors to safetensors", () => {
  test.each(cases.map((recorded) => [recorded.name, recorded] as const))("%s", async (name, { model, file, outputs, tolerance }) => {
    const recorded = join(fixtures, file);
    const inputs = await writeTensors(join(folder, `${name}.inputs.safetensors`), await readTensors(recorded, "inputs."));
    const output = join(folder, `${name}.safetensors`);
    const wanted = outputs.filter(comparable);
    const words = ["run", join(fixtures, model), "--inputs", inputs, "-o", output, "--outputs", wanted.join(",")];
    expect(await runCommand(...words)).toMatchObject({ code: 0, error: "" });
    const [actual, expected] = [await readTensors(output), await readTensors(recorded, "outputs.")];
    expect(Object.keys(actual).toSorted()).toEqual(wanted.toSorted());
    for (const [output, value] of Object.entries(expected).filter(([key]) => comparable(key)))
      expect({ output, near: maxDifference(actual[output], value) <= tolerance }).toEqual({ output, near: true });
  });
});

describe("--json", () => {
  test("one document with the values, JSON in", async () => {
    const recorded = join(fixtures, "forward/question-answering-text.safetensors");
    const given = await readTensors(recorded, "inputs.");
    const inputs = await jsonFile(
      "qa.json",
      Object.fromEntries(Object.entries(given).map(([name, tensor]) => [name, nestedLists(tensor)])),
    );
    const { code, document } = await runModel(join(fixtures, "huggingface/question-answering"), "--inputs", inputs);
    expect(code).toBe(0);
    expect(document).toMatchObject({ head: "question-answering", runtime: "reference", device: "cpu", written: [], warnings: [] });
    expect(Object.keys(document.timings)).toEqual(["loadMilliseconds", "runMilliseconds"]);
    const { outputs } = document;
    expect(Object.keys(outputs)).toEqual(["start_logits", "end_logits"]);
    for (const [name, expected] of Object.entries(await readTensors(recorded, "outputs."))) {
      expect(outputs[name]).toMatchObject({ shape: expected.shape, dataType: "float32" });
      const data = Float32Array.from(outputs[name]?.data.flat(Number.POSITIVE_INFINITY) as number[]);
      expect(maxDifference({ dataType: "float32", shape: expected.shape, data }, expected)).toBeLessThanOrEqual(1e-5);
    }
  });

  test("hidden_states are all hidden states, attentions all attentions; nested as their shapes are", async () => {
    const inputs = await jsonFile("short.json", { input_ids: [[5, 6, 7]], global_attention_mask: [[1, 0, 0]] });
    const words = [bareModel, "--inputs", inputs, "--outputs"];
    const { document } = await runModel(...words, "hidden_states, attentions,global_attentions,pooler_output");
    const { outputs } = document;
    expect(Object.fromEntries(Object.entries(outputs).map(([name, { shape }]) => [name, shape]))).toEqual({
      "hidden_states.0": [1, 3, 16],
      "hidden_states.1": [1, 3, 16],
      "hidden_states.2": [1, 3, 16],
      "attentions.0": [1, 4, 3, 6],
      "attentions.1": [1, 4, 3, 10],
      "global_attentions.0": [1, 4, 3, 1],
      "global_attentions.1": [1, 4, 3, 1],
      pooler_output: [1, 16],
    });
    const shapeOf = (data: unknown): number[] => (Array.isArray(data) ? [data.length, ...shapeOf(data[0])] : []);
    for (const { shape, data } of Object.values(outputs)) expect(shapeOf(data)).toEqual(shape);
    expect(Object.keys((await runModel(...words, "hidden_states.1")).document.outputs)).toEqual(["hidden_states.1"]);
  });

  test("values beside the file that -o names", async () => {
    const output = join(folder, "both.safetensors");
    const inputs = await jsonFile("both.json", { input_ids: [[5, 6, 7]] });
    const { document } = await runJson("run", bareModel, "--inputs", inputs, "-o", output, "--outputs", "pooler_output");
    expect(document).toMatchObject({ written: [output], outputs: { pooler_output: { shape: [1, 16] } } });
    expect(Object.keys(await readTensors(output))).toEqual(["pooler_output"]);
  });
});

test("for people it is a table; inputs may be piped in", async () => {
  const { code, out, error } = await runWithInput('{"input_ids": [[5, 6, 7]]}', "run", bareModel, "--inputs", "-");
  expect({ code, error }).toEqual({ code: 0, error: "" });
  expect(out).toMatch(/^last_hidden_state +float32 +\[1, 3, 16\] +-/m);
});

test("an output that is called as a JSON file is refused: what is written is safetensors", async () => {
  const inputs = await jsonFile("called.json", { input_ids: [[5, 6, 7]] });
  expect(await runCommand("run", bareModel, "--inputs", inputs, "-o", join(folder, "outputs.json"))).toMatchObject({
    code: 2,
    error: expect.stringContaining("-o writes safetensors"),
  });
  expect(await readdir(folder)).not.toContain("outputs.json");
});

test("an existing output is kept unless --force, and inputs are never overwritten", async () => {
  // What a file holds its bytes say, not its name.
  const inputs = await jsonFile("kept-inputs", { input_ids: [[5, 6, 7]] });
  const refused = await runCommand("run", bareModel, "--inputs", inputs, "-o", inputs, "--force");
  expect(refused).toMatchObject({ code: 2, error: expect.stringContaining("being read") });
  const output = await jsonFile("kept.safetensors", "mine");
  expect(await runCommand("run", bareModel, "--inputs", inputs, "-o", output)).toMatchObject({
    code: 2,
    error: expect.stringContaining("--force"),
  });
  expect(await readFile(output, "utf8")).toBe("mine");
  expect((await runCommand("run", bareModel, "--inputs", inputs, "-o", output, "--force")).code).toBe(0);
  expect(Object.keys(await readTensors(output)).toSorted()).toEqual(["last_hidden_state", "pooler_output"]);
});

describe("bad input ends with exit code 1, one message, no stack and no output", () => {
  const row = [[5, 6, 7]];
  test.each<[string, string, string, unknown, readonly string[]]>([
    ["no JSON", "neither a safetensors file nor JSON", bareModel, "input_ids: 5", []],
    ["an empty file", "neither a safetensors file nor JSON", bareModel, "", []],
    ["a list", "expected an object of nested lists", bareModel, [[5]], []],
    ["a number for a tensor", '"input_ids" is no list', bareModel, { input_ids: 5 }, []],
    ["words for ids", '"input_ids" is no list', bareModel, { input_ids: [["5"]] }, []],
    ["a flag for a number", '"attention_mask" is no list', bareModel, { input_ids: row, attention_mask: [[true, true, true]] }, []],
    ["one row without a batch", "2 axes: batch, sequence", bareModel, { input_ids: [5, 6] }, []],
    ["rows of different lengths", "ragged", bareModel, { input_ids: [[5, 6], [5]] }, []],
    ["no token", "size of 1 or more", bareModel, { input_ids: [[]] }, []],
    ["nothing", "Neither input_ids nor inputs_embeds", bareModel, {}, []],
    ["an input of another model", '"decoder_input_ids" is not an input', bareModel, { input_ids: row, decoder_input_ids: row }, []],
    ["an id beyond the vocabulary", "has 60 rows", bareModel, { input_ids: [[5, 60]] }, []],
    ["a negative id", "ids go from 0 to 59", bareModel, { input_ids: [[5, -1]] }, []],
    ["half an id", "integers", bareModel, { input_ids: [[5, 1.5]] }, []],
    ["a mask of threes", "attention_mask holds 3", bareModel, { input_ids: row, attention_mask: [[3, 1, 1]] }, []],
    ["a mask of another shape", "expected [1, 3]", bareModel, { input_ids: row, attention_mask: [[1, 1]] }, []],
    ["more tokens than positions", "this model has positions for 40", bareModel, { input_ids: [Array.from({ length: 41 }, () => 5)] }, []],
    ["a position beyond the table", "has 42 rows", bareModel, { input_ids: row, position_ids: [[2, 3, 42]] }, []],
    ["a question without separators", "0 separators", join(fixtures, "huggingface/question-answering"), { input_ids: row }, []],
    ["a head the checkpoint lacks", "qa_outputs.weight", maskedModel, { input_ids: row }, ["--head", "question-answering"]],
  ])("%s", async (name, message, model, value, options) => {
    const inputs = await jsonFile(`${name}.json`, value);
    const output = join(folder, "refused.safetensors");
    const words = ["run", model, "--inputs", inputs, "-o", output, ...options];
    const { code, out, error } = await runCommand(...words);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(error).toContain(message);
    expect(error.trim().split("\n")).toHaveLength(1);
    const { document } = await runJson(...words);
    expect(Object.keys(document)).toEqual(["error"]);
    expect((await readdir(folder)).filter((entry) => entry.includes("refused"))).toEqual([]);
  });

  test("weights that are not numbers", async () => {
    const broken = join(folder, "not-finite");
    await cp(bareModel, broken, { recursive: true });
    const weights = await readTensors(join(bareModel, "model.safetensors"));
    const bias = weights["encoder.layer.1.output.dense.bias"] as Extract<Tensor, { dataType: "float32" }>;
    bias.data[3] = Number.NaN;
    await writeTensors(join(broken, "model.safetensors"), weights);
    const { code, error } = await runCommand("run", broken, "--inputs", await jsonFile("fine.json", { input_ids: row }));
    expect(code).toBe(1);
    expect(error).toContain('"encoder.layer.1.output.dense.bias" holds NaN at element 3');
  });

  test("a cut safetensors file, and ids whose 16 bits are floats", async () => {
    const whole = await writeTensors(join(folder, "whole.safetensors"), {
      input_ids: { dataType: "int64", shape: [1, 3], data: BigInt64Array.of(5n, 6n, 7n) },
    });
    const cut = join(folder, "cut.safetensors");
    await copyFile(whole, cut);
    await writeFile(cut, (await readFile(whole)).subarray(0, 40));
    expect(await runCommand("run", bareModel, "--inputs", cut)).toMatchObject({
      code: 1,
      error: expect.stringContaining("cut.safetensors"),
    });
    const half = await writeTensors(join(folder, "half.safetensors"), {
      input_ids: { dataType: "float16", shape: [1, 3], data: Uint16Array.of(5, 6, 7) },
    });
    expect(await runCommand("run", bareModel, "--inputs", half)).toMatchObject({
      code: 1,
      error: expect.stringContaining("input_ids is float16"),
    });
    expect(await runCommand("run", bareModel, "--inputs", join(folder, "nowhere.json"))).toMatchObject({
      code: 1,
      error: expect.stringContaining("nowhere.json"),
    });
  });
});

describe("wrong usage ends with exit code 2", () => {
  test.each<[string, readonly string[], string]>([
    ["no inputs", [], "--inputs"],
    [
      "an unknown runtime",
      ["--inputs", "fine.json", "--runtime", "abacus"],
      'no runtime "abacus". There are: auto, webgpu, ort, reference',
    ],
    [
      "an unknown output",
      ["--inputs", "fine.json", "--outputs", "logits"],
      'no output "logits". There are: last_hidden_state, pooler_output, hidden_states',
    ],
    ["a layer that is not there", ["--inputs", "fine.json", "--outputs", "hidden_states.3"], 'no output "hidden_states.3"'],
    ["an output into no folder", ["--inputs", "fine.json", "-o", "nowhere/out.safetensors"], "nowhere"],
  ])("%s", async (_, words, message) => {
    const fine = await jsonFile("fine.json", { input_ids: [[5, 6, 7]] });
    const { code, error } = await runCommand("run", bareModel, ...words.map((word) => (word === "fine.json" ? fine : word)));
    expect(error).toContain(message);
    expect(error).not.toMatch(/\n\s+at /);
    expect([1, 2]).toContain(code);
    expect(code).toBe(words.includes("-o") ? 1 : 2);
  });
});
