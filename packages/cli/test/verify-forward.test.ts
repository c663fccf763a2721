import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ForwardComparison } from "@longspan/core/runtime";
import { runCommand, runDocument } from "./run-command.ts";
import { readTensors, writeTensors } from "./tensor-files.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const folderOfQa = join(fixtures, "huggingface/question-answering");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-forward-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function copyWith(name: string, changes: { config?: Record<string, unknown>; nudge?: string }): Promise<string> {
  const copy = join(folder, name);
  await cp(folderOfQa, copy, { recursive: true });
  const config = JSON.parse(await readFile(join(copy, "config.json"), "utf8")) as Record<string, unknown>;
  await writeFile(join(copy, "config.json"), JSON.stringify({ ...config, ...changes.config }));
  if (changes.nudge === undefined) return copy;
  const weights = await readTensors(join(copy, "model.safetensors"));
  const tensor = weights[changes.nudge];
  if (tensor?.dataType !== "float32") throw new Error(`no ${changes.nudge}`);
  tensor.data[0] = (tensor.data[0] ?? 0) + 0.01;
  await writeTensors(join(copy, "model.safetensors"), weights);
  return copy;
}

interface Verified {
  readonly equal: boolean;
  readonly forward: ForwardComparison;
}

async function runVerify(...words: readonly string[]): Promise<{ readonly code: number; readonly document: Verified }> {
  const { code, document } = await runDocument("verify", ...words);
  return { code, document: document as Verified };
}

describe("verify --forward", () => {
  test("a conversion to another framework gives the same, to the bit", async () => {
    const paddle = join(folder, "paddle");
    await runCommand("convert", folderOfQa, "--to", "paddle", "-o", paddle);
    const { code, document } = await runVerify(folderOfQa, paddle, "--forward", "--layers", "--tolerance", "0");
    expect({ code, equal: document.equal }).toEqual({ code: 0, equal: true });
    expect(document.forward).toMatchObject({
      equal: true,
      tolerance: 0,
      runtime: "reference",
      device: "cpu",
      maxAbsoluteDifference: 0,
      firstDeparture: null,
      onlyInA: [],
      onlyInB: [],
    });
    expect(document.forward.samples.map(({ outputs }) => outputs.map(({ name }) => name))).toEqual(
      Array.from({ length: 4 }, () => ["hidden_states.0", "hidden_states.1", "hidden_states.2", "start_logits", "end_logits"]),
    );
  });

  test("without it the document has no such key", async () => {
    expect(Object.keys((await runVerify(folderOfQa, folderOfQa)).document)).not.toContain("forward");
  });

  test("names the layer that departs first; a tolerance holds for weights and outputs", async () => {
    const other = await copyWith("nudged", { nudge: "longformer.encoder.layer.1.attention.self.value.bias" });
    const words = [folderOfQa, other, "--forward"];
    const { code, document } = await runVerify(...words, "--layers");
    expect({ code, equal: document.equal }).toEqual({ code: 1, equal: false });
    expect(document.forward).toMatchObject({
      equal: false,
      tolerance: 1e-5,
      firstDeparture: { part: "encoder.layer.1", output: "hidden_states.2", sample: "a short row" },
    });
    const { out } = await runCommand("verify", ...words, "--layers");
    expect(out).toMatch(/^first departure: encoder\.layer\.1 \(hidden_states\.2\), on "a short row"$/m);
    expect((await runCommand("verify", ...words)).out).toContain("--layers says in which layer");
    expect((await runVerify(...words, "--tolerance", "1")).code).toBe(0);
  });

  test("equal weights under a wrong configuration: the weights are equal and the outputs are not, exit code 1", async () => {
    const other = await copyWith("window", { config: { attention_window: [4, 16] } });
    expect((await runVerify(folderOfQa, other)).code).toBe(0);
    const { code, document } = await runVerify(folderOfQa, other, "--forward", "--layers");
    expect({ code, equal: document.equal }).toEqual({ code: 1, equal: true });
    expect(document.forward).toMatchObject({ equal: false, firstDeparture: { part: "encoder.layer.1" } });
  });

  test("a copy that lost its separators is said to take other inputs", async () => {
    const other = await copyWith("separators", { config: { longspan: { questionAnsweringSeparators: 2 } } });
    const { code, out, error } = await runCommand("verify", folderOfQa, other, "--forward");
    expect({ code, error }).toEqual({ code: 1, error: "" });
    expect(out).toMatch(/the second does not take "a short row": Row 0 of input_ids has 3 separators/);
  });

  test("on inputs of one's own", async () => {
    const inputs = join(folder, "inputs.json");
    await writeFile(inputs, JSON.stringify({ input_ids: [[0, 9, 2, 2, 8, 7, 2]] }));
    const { code, document } = await runVerify(folderOfQa, folderOfQa, "--forward", "--inputs", inputs);
    expect(code).toBe(0);
    expect(document.forward.samples).toEqual([
      {
        name: inputs,
        outputs: ["start_logits", "end_logits"].map((name) => ({ name, shape: [1, 7], differing: 0, maxAbsoluteDifference: 0 })),
      },
    ]);
    await writeFile(inputs, JSON.stringify({ input_ids: [[0, 9]] }));
    const refused = await runCommand("verify", folderOfQa, folderOfQa, "--forward", "--inputs", inputs);
    expect(refused).toMatchObject({ code: 1, error: expect.stringContaining("0 separators") });
  });

  test.each<[string, readonly string[], string]>([
    ["--layers without --forward", ["--layers"], "--layers belongs to --forward"],
    ["--inputs without --forward", ["--inputs", "x.json"], "--inputs belongs to --forward"],
    ["an unknown runtime", ["--forward", "--runtime", "abacus"], 'no runtime "abacus"'],
    ["a tolerance that is none", ["--tolerance", "much"], "argument 'much' is invalid"],
  ])("wrong usage ends with exit code 2: %s", async (_, words, message) => {
    const { code, out, error } = await runCommand("verify", folderOfQa, folderOfQa, ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(error).toContain(message);
  });
});
