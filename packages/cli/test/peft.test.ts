import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Checkpoint, createConverter } from "@longspan/core";
import { pathInput } from "@longspan/core/node";
import { loadAdapters } from "../src/model/load-adapters.ts";
import { runCommand, runJson } from "./run-command.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const adapter = join(fixtures, "peft/rslora");
const base = join(fixtures, "huggingface/question-answering");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-peft-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a LoRA adapter", () => {
  test("alone: inspect describes it, convert asks for the base", async () => {
    const { code, document } = await runJson("inspect", adapter);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      layout: null,
      head: null,
      problem: { code: "weights-mismatch", message: expect.stringContaining("--base") },
    });
    const converted = await runCommand("convert", adapter, "--to", "hf", "-o", join(folder, "alone"));
    expect(converted.code).toBe(1);
    expect(converted.error).toMatch(/PEFT adapter \(LoRA, rank 3, alpha 7, for \d+ modules\).*--base <checkpoint>/);
  });

  test("converts with its base, tokenizer included, and the base may be of another framework", async () => {
    const [paddle, merged, other] = [join(folder, "paddle"), join(folder, "merged"), join(folder, "other")];
    expect((await runCommand("convert", base, "--to", "paddle", "-o", paddle)).code).toBe(0);
    const { code, document } = await runJson("convert", adapter, "--base", base, "--to", "hf", "-o", merged);
    expect(code).toBe(0);
    expect(document).toMatchObject({ missing: [], unexpected: [], warnings: [expect.stringContaining("merge_and_unload")] });
    expect(await readFile(join(merged, "merges.txt"))).toEqual(await readFile(join(base, "merges.txt")));
    expect((await runCommand("convert", adapter, "--base", paddle, "--to", "lightning", "-o", other)).code).toBe(0);
    expect((await runJson("verify", merged, other)).document).toMatchObject({ equal: true });
    expect((await runJson("verify", base, merged)).document).toMatchObject({ equal: false, onlyInA: [], onlyInB: [] });
    expect((await runJson("verify", adapter, merged, "--base", paddle)).document).toMatchObject({ equal: true });
  });

  test("runs with its base", async () => {
    const { code, document } = await runJson(
      "ask",
      adapter,
      "--base",
      base,
      "--question",
      "Who sat?",
      "--document",
      join(base, "merges.txt"),
    );
    expect({ code, document }).toMatchObject({ code: 0, document: { answers: [{}] } });
  });

  test("in a Lightning checkpoint of the whole model: the values of merge_and_unload()", async () => {
    const converter = createConverter({ adapters: await loadAdapters([]) });
    const open = async (path: string): Promise<Checkpoint> => converter.open(await pathInput(join(fixtures, path)));
    const [merged, base, recorded] = await Promise.all([
      open("peft/whole-lightning"),
      open("torch/heads/sequence-classification"),
      open("peft/merged/whole-lightning.safetensors"),
    ]);
    const changed = new Map(recorded.tensors.map(({ sourceName, tensor }) => [sourceName.replace("longformer.", ""), tensor]));
    const [found, unchanged] = [merged.weights(), base.weights()];
    expect(merged).toMatchObject({ envelope: "lightning", head: "sequence-classification" });
    expect([...found.keys()]).toEqual([...unchanged.keys()]);
    for (const [name, weight] of found) {
      const expected = changed.get(name) ?? unchanged.get(name);
      expect({ name, ...(await weight.read()) }).toEqual({ name, ...(await expected?.read()) });
    }
    expect(changed.size).toBe(8);
    await Promise.all([merged, base, recorded].map(async (checkpoint) => checkpoint.close()));
  });

  test("without adapter_config.json it takes one, and is refused without", async () => {
    const file = join(fixtures, "peft/whole-two-adapters");
    const config = join(file, "adapter_config-second.json");
    expect((await runCommand("inspect", file, "--adapter-config", config)).error).toContain("--adapter-name");
    const { code, document } = await runJson("inspect", file, "--adapter-config", config, "--adapter-name", "second");
    expect(code).toBe(0);
    expect(document).toMatchObject({ head: "question-answering", problem: null });
    expect((await runCommand("convert", file, "--adapter-name", "second", "--to", "hf", "-o", join(folder, "none"))).error).toContain(
      "--adapter-config",
    );
  });
});
