import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand, runJson } from "./run-command.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const lightningFile = join(fixtures, "lightning/lightning_qa.ckpt");
const folderOfQa = join(fixtures, "huggingface/question-answering");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-cli-onnx-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("convert --to onnx", () => {
  test("a folder: the model, its configuration and its tokenizer", async () => {
    const output = join(folder, "whole");
    const { code, document } = await runJson("convert", folderOfQa, "--to", "onnx", "-o", output);
    expect(code).toBe(0);
    expect(document).toMatchObject({ target: "onnx", layout: "onnx", head: "question-answering", missing: [], unexpected: [] });
    expect(document.converted).toContainEqual(
      expect.objectContaining({ target: "encoder.layer.0.output.dense.weight", targetShape: [16, 24], transposed: false }),
    );
    const names = await readdir(output);
    for (const name of ["model.onnx", "config.json", "tokenizer.json", "vocab.json", "merges.txt"]) expect(names).toContain(name);
    expect(names).not.toContain("model.onnx.data");
    // Field 1 of a ModelProto, ir_version, comes first: 8.
    expect([...(await readFile(join(output, "model.onnx"))).subarray(0, 2)]).toEqual([8, 8]);
  });

  test("a file, from a checkpoint of another framework, and one with its data beside it", async () => {
    const place = await mkdtemp(join(folder, "files-"));
    await writeFile(join(place, "notes.txt"), "mine");
    const [whole, apart] = [join(place, "model.onnx"), join(place, "apart.onnx")];
    expect((await runJson("convert", lightningFile, "--to", "onnx", "-o", whole)).document.written).toEqual([whole]);
    const second = await runJson("convert", lightningFile, "--to", "onnx", "-o", apart, "--external-data");
    expect(second.document.written).toEqual([`${apart}.data`, apart]);
    expect((await readdir(place)).toSorted()).toEqual(["apart.onnx", "apart.onnx.data", "model.onnx", "notes.txt"]);

    const refused = await runCommand("convert", lightningFile, "--to", "onnx", "-o", apart);
    expect(refused.code).toBe(2);
    expect(refused.error).toContain("apart.onnx exists already");
    // The data of the older file must not stay beside one that does not use it.
    expect((await runCommand("convert", lightningFile, "--to", "onnx", "-o", apart, "--force")).code).toBe(0);
    expect((await readdir(place)).toSorted()).toEqual(["apart.onnx", "model.onnx", "notes.txt"]);
  });

  test("16 and 8 bits are smaller", async () => {
    const sizes = new Map<string, number>();
    for (const [name, ...words] of [["float32"], ["float16", "--dtype", "float16"], ["q8", "--quantize", "q8"]] as const) {
      const output = join(folder, `${name}.onnx`);
      const { code, error } = await runCommand(
        "convert",
        join(fixtures, "../examples/train-lightning-qa/model"),
        "--to",
        "onnx",
        "-o",
        output,
        ...words,
      );
      expect(code).toBe(0);
      expect(error.includes("q8 rounds weights")).toBe(name === "q8");
      sizes.set(name, (await stat(output)).size);
    }
    expect(sizes.get("float16")).toBeLessThan((sizes.get("float32") ?? 0) * 0.6);
    expect(sizes.get("q8")).toBeLessThan((sizes.get("float32") ?? 0) * 0.4);
  });

  test("what was written can be inspected, compared and converted back", async () => {
    const [model, back] = [join(folder, "circle.onnx"), join(folder, "circle")];
    expect((await runCommand("convert", lightningFile, "--to", "onnx", "-o", model)).code).toBe(0);
    const { document } = await runJson("inspect", model);
    expect(document).toMatchObject({ container: "onnx", envelope: "onnx", head: "question-answering", problem: null });
    expect((await runJson("verify", lightningFile, model)).document).toMatchObject({ equal: true, onlyInA: [], onlyInB: [] });
    expect((await runCommand("convert", model, "--to", "hf", "-o", back)).code).toBe(0);
    expect((await runJson("verify", lightningFile, back)).document).toMatchObject({ equal: true });
  });

  test("--dry-run writes nothing", async () => {
    const output = join(folder, "dry");
    const { code, out } = await runCommand("convert", folderOfQa, "--to", "onnx", "-o", output, "--dry-run");
    expect(code).toBe(0);
    expect(out).toMatch(
      /^longformer\.encoder\.layer\.0\.intermediate\.dense\.weight +\[24, 16\] +encoder\.layer\.0\.intermediate\.dense\.weight +\[24, 16\]$/m,
    );
    await expect(stat(output)).rejects.toThrow("ENOENT");
  });

  test.each<[string, readonly string[], string]>([
    ["options of ONNX for another target", ["--to", "hf", "--quantize", "q8"], "--quantize is for ONNX files"],
    ["the same, of external data", ["--to", "paddle", "--no-external-data"], "--no-external-data is for ONNX files"],
    ["another quantization", ["--to", "onnx", "--quantize", "no-such-way"], "q8"],
    ["shards", ["--to", "onnx", "--shard-size", "1MB"], "cannot be sharded"],
    ["a layout", ["--to", "onnx", "--layout", "hf"], "named by its graph"],
  ])("%s: wrong usage, and nothing is left", async (_, words, message) => {
    const output = join(folder, "refused");
    const { code, error } = await runCommand("convert", folderOfQa, "-o", output, ...words);
    expect(code).toBe(2);
    expect(error).toContain(message);
    await expect(stat(output)).rejects.toThrow("ENOENT");
  });

  test("a type that weights cannot be kept in, and a folder that does not exist", async () => {
    const output = join(folder, "never");
    const narrow = await runCommand("convert", folderOfQa, "--to", "onnx", "-o", output, "--dtype", "float8_e4m3fn");
    expect(narrow).toMatchObject({ code: 1, error: expect.stringContaining("float32, float16, bfloat16") });
    const missing = await runCommand("convert", folderOfQa, "--to", "onnx", "-o", join(folder, "nowhere", "model.onnx"));
    expect(missing).toMatchObject({ code: 1, error: expect.stringContaining("does not exist") });
    await expect(stat(output)).rejects.toThrow("ENOENT");
  });
});
