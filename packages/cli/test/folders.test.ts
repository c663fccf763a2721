import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { poolingModes } from "@longspan/pipelines";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { poolingWays } from "../src/commands/embed.command.ts";
import { runCommand, runJson, runWithInput } from "./run-command.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const sentences = join(fixtures, "sentence-transformers");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan folders-"));
  for (const step of [500, 1000]) {
    await mkdir(join(folder, `run/checkpoint-${step}`), { recursive: true });
    await cp(join(fixtures, "huggingface/model"), join(folder, `run/checkpoint-${step}`), { recursive: true });
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a training run's folder", () => {
  test("the error names its checkpoints, and the command that reads the newest", async () => {
    const run = join(folder, "run");
    const { code, error, out } = await runCommand("inspect", run, "--head", "model");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(error).toMatch(/checkpoint-1000, checkpoint-500/);
    expect(error).toContain(`try    longspan inspect '${run}/checkpoint-1000' --head model\n`);
    expect((await runCommand("inspect", join(run, "checkpoint-1000"), "--head", "model")).code).toBe(0);
    const near = relative(".", run);
    expect((await runCommand("verify", join(run, "checkpoint-500"), near)).error).toContain(`'${near}/checkpoint-1000'`);
  });

  test("the document has the candidates", async () => {
    const { document } = await runJson("inspect", join(folder, "run"));
    expect(document).toMatchObject({
      error: {
        code: "ambiguous-format",
        details: { candidates: ["checkpoint-1000", "checkpoint-500"], newest: join(folder, "run/checkpoint-1000") },
      },
    });
  });
});

describe("a folder of sentence-transformers", () => {
  test("embeds as its encode() does, and says what it did not read", async () => {
    const { cases }: { cases: readonly { folder: string; texts: readonly string[]; vectors: readonly (readonly number[])[] }[] } =
      JSON.parse(await readFile(join(sentences, "cases.json"), "utf8"));
    const recorded = cases.find(({ folder: name }) => name === "nested");
    const texts = (recorded?.texts ?? []).flatMap((text) => ["--text", text]);
    const { code, document } = await runJson("embed", join(sentences, "nested"), ...texts);
    expect(code).toBe(0);
    const { embeddings, warnings }: { embeddings: readonly (readonly number[])[]; warnings: readonly string[] } = document as never;
    for (const [text, vector] of embeddings.entries())
      for (const [axis, value] of vector.entries()) expect(value).toBeCloseTo(recorded?.vectors[text]?.[axis] ?? Number.NaN, 5);
    expect(warnings.join()).toMatch(/The last \d+ tokens of text 4 were not read.*reads 12/);
    const input = recorded?.texts.map((text) => `${JSON.stringify({ text })}\n`).join("") ?? "";
    const many = await runWithInput(input, "embed", join(sentences, "nested"), "--input", "-");
    expect(many.error).toMatch(/note {2}Of \d+ texts? the end was not read: unreadTokens says how much/);
    const lines = many.out.trim().split("\n");
    const cut = lines.map((line) => (JSON.parse(line) as { readonly unreadTokens?: number }).unreadTokens);
    expect(cut.flatMap((tokens, text) => (tokens === undefined ? [] : [text]))).toContain(3);
    expect(lines).toHaveLength(embeddings.length);
  });

  test("pooling and prompts can be asked for", async () => {
    const root = join(sentences, "root");
    const size = async (...words: readonly string[]): Promise<number> => {
      const { document } = await runJson("embed", root, "--text", "hen", ...words);
      const { embeddings }: { embeddings: readonly (readonly number[])[] } = document as never;
      return embeddings[0]?.length ?? 0;
    };
    expect(await size("--pooling", "cls,max")).toBe(32);
    expect(await size("--prompt-name", "query")).toBe(16);
    expect((await runCommand("embed", root, "--text", "hen", "--prompt-name", "none")).error).toMatch(/no prompt "none"/);
    expect((await runCommand("embed", root, "--text", "hen", "--pooling", "median")).error).toMatch(/Allowed are cls, max/);
  });

  test("the ways of pooling in the help are those there are", () => {
    expect(poolingWays).toEqual(poolingModes);
  });

  test("converts, with a note that the pooling stays behind", async () => {
    const { document } = await runJson("convert", join(sentences, "nested"), "--to", "paddle", "-o", join(folder, "paddle"));
    expect(document).toMatchObject({ missing: [], warnings: [expect.stringContaining("without them")] });
  });
});
