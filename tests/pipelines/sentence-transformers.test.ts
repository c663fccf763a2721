import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { torch } from "@longspan/adapter-torch";
import { type FileSet, memoryFileSet, openCheckpoint } from "@longspan/core";
import { referenceRuntime } from "@longspan/core/runtime";
import { directoryFileSet } from "@longspan/core/node";
import { embedText, type EmbedTextOptions } from "@longspan/pipelines";
import { describe, expect, test } from "vitest";

interface Case {
  readonly name: string;
  readonly folder: string;
  /** In the place of the folder's own. */
  readonly files: Readonly<Record<string, unknown>>;
  readonly options: { readonly prompt_name?: string; readonly prompt?: string; readonly normalize_embeddings?: boolean };
  readonly texts: readonly string[];
  readonly vectors: readonly (readonly number[])[];
}

const fixtures = fileURLToPath(new URL("../../fixtures/sentence-transformers", import.meta.url));
const { cases }: { cases: readonly Case[] } = JSON.parse(readFileSync(join(fixtures, "cases.json"), "utf8"));
const adapters = [torch()];
const runtime = referenceRuntime();

function filesOf(folder: string, changes: Readonly<Record<string, unknown>> = {}): FileSet {
  const path = join(fixtures, folder);
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const own = names.map((name): [string, Uint8Array] => [name.slice(path.length + 1), new Uint8Array(readFileSync(name))]);
  const given = Object.entries(changes).map(([name, value]): [string, Uint8Array] => [
    name,
    new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)),
  ]);
  return memoryFileSet(folder, new Map([...own, ...given]));
}

function expectNear(found: readonly Float32Array[], expected: readonly (readonly number[])[]): void {
  expect(found.map((vector) => vector.length)).toEqual(expected.map((vector) => vector.length));
  const furthest = Math.max(
    ...found.flatMap((vector, text) => Array.from(vector, (value, axis) => Math.abs(value - (expected[text]?.[axis] ?? Number.NaN)))),
  );
  expect(furthest).toBeLessThan(1e-5);
}

describe("vectors are those of encode()", () => {
  test.each(cases)("$name", async ({ folder, files, options, texts, vectors }) => {
    const embedder = await embedText({ model: filesOf(folder, files), adapters, runtime });
    const given: EmbedTextOptions = { prompt: options.prompt, promptName: options.prompt_name, normalize: options.normalize_embeddings };
    expectNear(await embedder(texts, given), vectors);
    // In batches, with padding.
    expectNear(await embedder(texts, { ...given, batchSize: 3 }), vectors);
    await embedder.dispose();
  });
});

describe("a folder of sentence-transformers", () => {
  const first = cases.find(({ folder }) => folder === "nested");
  const { texts, vectors } = first ?? { texts: [], vectors: [] };

  test("opens at its root, where the transformer lies in a folder of its own", async () => {
    const checkpoint = await openCheckpoint({ files: directoryFileSet(join(fixtures, "nested")) }, { adapters });
    expect(checkpoint).toMatchObject({ head: "model", problem: undefined, name: join(fixtures, "nested/0_Transformer/model.safetensors") });
    expect(checkpoint.warnings.join()).toMatch(/sentence-transformers.*"embed" pools as its files say/);
    const embedder = await embedText({ model: checkpoint, runtime });
    expectNear(await embedder(texts), vectors);
    await checkpoint.close();
  });

  test("pools the same when the transformer's folder, or its file, is given", async () => {
    const embedder = await embedText({ model: join(fixtures, "nested/0_Transformer/model.safetensors"), adapters, runtime });
    expectNear(await embedder(texts), vectors);
  });

  test("what is asked for goes before what the files say", async () => {
    const embedder = await embedText({ model: filesOf("root"), adapters, runtime });
    const [joined = new Float32Array()] = await embedder(texts, { pooling: ["cls", "max"], normalize: false });
    const [first = new Float32Array()] = await embedder(texts, { pooling: "cls", normalize: false });
    const [unit = new Float32Array()] = await embedder(texts);
    expect(joined.length).toBe(32);
    expect(joined.slice(0, 16)).toEqual(first);
    expect(Math.hypot(...unit)).toBeCloseTo(1, 6);
    expect(Math.hypot(...first)).not.toBeCloseTo(1, 3);
  });

  test("says how much of a text was not read", async () => {
    const told: unknown[] = [];
    const embedder = await embedText({ model: filesOf("nested"), adapters, runtime });
    await embedder(texts, { onUnread: (unread) => told.push(unread) });
    expect(told).toContainEqual({ text: 3, tokens: expect.any(Number), limit: 12 });
  });

  test("a prompt that it does not have is named", async () => {
    const embedder = await embedText({ model: filesOf("root"), adapters, runtime });
    await expect(embedder("x", { promptName: "passage" })).rejects.toThrow(/no prompt "passage".*query, document/);
    const plain = await embedText({ model: filesOf("nested/0_Transformer"), adapters, runtime });
    await expect(plain("x", { promptName: "query" })).rejects.toThrow(/no config_sentence_transformers.json/);
  });

  test("a module that is not computed is named, unless the pooling is asked for", async () => {
    const modules = [
      { path: "", type: "sentence_transformers.models.Transformer" },
      { path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
      { path: "2_Dense", type: "sentence_transformers.models.Dense" },
    ];
    const embedder = await embedText({ model: filesOf("root", { "modules.json": modules }), adapters, runtime });
    await expect(embedder("hen")).rejects.toMatchObject({ code: "unsupported", message: expect.stringMatching(/Dense.*--pooling mean/) });
    expect((await embedder("hen", { pooling: "mean" })).length).toBe(16);
  });

  test.each<readonly [string, Record<string, unknown>, string, RegExp]>([
    ["a list that is none", { "modules.json": {} }, "malformed", /modules\.json/],
    ["a module without a path", { "modules.json": [{ type: "x.Transformer" }] }, "malformed", /modules\.json/],
    ["another first module", { "modules.json": [{ path: "0_Transformer", type: "x.WordEmbeddings" }] }, "unsupported", /WordEmbeddings/],
    ["a path out of the folder", { "modules.json": [{ path: "../../etc", type: "x.Transformer" }] }, "not-found", /"\.\.\/\.\.\/etc"/],
    ["a folder that is not there", { "modules.json": [{ path: "0_Other", type: "x.Transformer" }] }, "not-found", /0_Other/],
  ])("%s is refused", async (_what, changes, code, message) => {
    await expect(embedText({ model: filesOf("nested", changes), adapters, runtime })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test("a way of pooling that nobody knows is refused", async () => {
    const files = filesOf("root", { "1_Pooling/config.json": { pooling_mode: "median" } });
    const embedder = await embedText({ model: files, adapters, runtime });
    await expect(embedder("hen")).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("median") });
    await expect(embedder("hen", { pooling: "median" as never })).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(embedder("hen", { pooling: 7n as never })).rejects.toMatchObject({ code: "argument-invalid" });
  });

  test("a way of pooling that is nested without end is refused", async () => {
    const files = filesOf("root", { "1_Pooling/config.json": `{"pooling_mode":${"[".repeat(100_000)}${"]".repeat(100_000)}}` });
    const embedder = await embedText({ model: files, adapters, runtime });
    await expect(embedder("hen")).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("pools by [[[") });
  });
});
