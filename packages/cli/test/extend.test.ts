import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand, runJson } from "./run-command.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures/roberta", import.meta.url));
const roberta = join(fixtures, "plain/roberta-masked-lm");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-extend-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const extend = ["extend", roberta, "--max-length", "48", "--window", "16"] as const;

describe("extend", () => {
  test("writes what the recipe makes in torch, with its tokenizer, and says what was done and what is to do", async () => {
    const output = join(folder, "hf");
    const { code, out, error } = await runCommand(...extend, "-o", output);
    expect(code).toBe(0);
    expect(error).toMatch(/note {2}A new Longformer is made.*window 16; positions for 48 tokens/);
    expect(error).toMatch(/note {2}It should now be trained/);
    expect(out).toContain("model.safetensors");
    expect((await readdir(output)).toSorted()).toEqual(["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
    expect(JSON.parse(await readFile(join(output, "tokenizer_config.json"), "utf8"))).toMatchObject({ model_max_length: 48 });
    const { document } = await runJson("verify", output, join(fixtures, "extended/roberta-masked-lm"));
    expect(document).toMatchObject({ equal: true, differing: 0, onlyInA: [], onlyInB: [] });
  });

  test("as JSON, into one file of another framework", async () => {
    const output = join(folder, "model.pdparams");
    const { code, document } = await runJson(...extend, "--to", "paddle", "-o", output);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      written: [output],
      extension: { modelType: "roberta", sourceLength: 20, maxLength: 48, window: [16, 16], reservedPositions: 2 },
      warnings: expect.arrayContaining([expect.stringContaining("should now be trained")]),
    });
  });

  test("a tokenizer from elsewhere becomes as long, too", async () => {
    const output = join(folder, "other-tokenizer");
    const tokenizer = join(fixtures, "plain/xlm-roberta-question-answering");
    expect((await runCommand(...extend, "-o", output, "--tokenizer", tokenizer)).code).toBe(0);
    expect(JSON.parse(await readFile(join(output, "tokenizer_config.json"), "utf8"))).toMatchObject({
      model_max_length: 48,
      tokenizer_class: "XLMRobertaTokenizer",
    });
  });

  test("a dry run shows where each tensor comes from, and writes nothing", async () => {
    const { code, out } = await runCommand(...extend, "--dry-run");
    expect(code).toBe(0);
    expect(out).toMatch(
      /roberta\.encoder\.layer\.1\.attention\.self\.key\.weight +\[16, 16\] +longformer\.encoder\.layer\.1\.attention\.self\.key_global\.weight/,
    );
    expect(out).toMatch(/position_embeddings\.weight +\[50, 16\] +longformer\.embeddings\.position_embeddings\.weight +\[50, 16\]/);
  });

  test("windows of each layer", async () => {
    const { document } = await runJson("extend", roberta, "--max-length", "48", "--window", "8,16", "--dry-run");
    expect(document).toMatchObject({ extension: { window: [8, 16] } });
  });

  test.each([
    [["--max-length", "48", "--window", "15"], 2, "even"],
    [["--max-length", "40", "--window", "16"], 2, "no multiple of the window 16"],
    [["--max-length", "16", "--window", "8"], 2, "not more than the 20 tokens"],
    [["--max-length", "1000000000000", "--window", "16"], 2, "more than the 2147483645 tokens that can be"],
    [["--max-length", "48", "--window", "1000000000000"], 2, "from 2 to 2147483646"],
    [["--max-length", "48"], 2, "--window"],
    [["--window", "16"], 2, "--max-length"],
    [["--max-length", "48", "--window", "8,x"], 2, "--window"],
  ])("%j is refused by name", async (words, expected, message) => {
    const { code, error } = await runCommand("extend", roberta, ...words, "-o", join(folder, "never"));
    expect({ code, error }).toEqual({ code: expected, error: expect.stringContaining(message) });
    expect(await readdir(folder)).not.toContain("never");
  });

  test("a Longformer is not extended", async () => {
    const longformer = join(fixtures, "../huggingface/masked-lm");
    const { code, error } = await runCommand("extend", longformer, "--max-length", "48", "--window", "16", "-o", join(folder, "never"));
    expect({ code, error }).toEqual({ code: 2, error: expect.stringContaining("already is a Longformer") });
  });
});

test("inspect of a RoBERTa says that extend exists", async () => {
  const { code, error } = await runCommand("inspect", roberta);
  expect({ code, error }).toEqual({ code: 0, error: expect.stringContaining("longspan extend") });
});

test("--window says what a graft's configuration does not", async () => {
  const graft = join(fixtures, "grafts/roberta-masked-lm");
  const { code, error } = await runCommand("convert", graft, "--to", "hf", "-o", join(folder, "graft"), "--window", "4,8");
  expect({ code, error }).toEqual({ code: 0, error: expect.stringContaining("the given windows [4,8]") });
});
