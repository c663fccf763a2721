import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawAdapter, rawModel } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig } from "../../test/sample-model.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import { openCheckpoint } from "../conversion/open-checkpoint.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { checkpointInput, type CheckpointPlace } from "./checkpoint-place.ts";

const adapters = [rawAdapter([plainLayout])];
const model = rawModel(compileLayout(plainLayout, createLongformerSpec(sample(), "question-answering")).parameters);
const config = new TextEncoder().encode(JSON.stringify(sampleConfig));
const modelFile = new File([model.slice()], "model.raw");
const configFile = new File([config.slice()], "config.json");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan place "));
  await writeFile(join(folder, "model.raw"), model);
  await writeFile(join(folder, "config.json"), config);
});
afterAll(() => rm(folder, { recursive: true }));

const places: readonly (readonly [string, () => CheckpointPlace])[] = [
  ["a path of a file", () => join(folder, "model.raw")],
  ["a path of a folder", () => folder],
  ["a file URL with spaces", () => pathToFileURL(join(folder, "model.raw"))],
  ["a file URL as text", () => pathToFileURL(folder).href],
  ["the Files of a folder", () => [modelFile, configFile]],
  ["a set of files", () => memoryFileSet("memory", { "model.raw": model, "config.json": config })],
  ["a file of a set", () => ({ files: memoryFileSet("memory", { "model.raw": model, "config.json": config }), fileName: "model.raw" })],
];

describe("a checkpoint is opened by its place", () => {
  test.each(places)("%s", async (_, place) => {
    await using checkpoint = await openCheckpoint(place(), { adapters });
    expect(checkpoint).toMatchObject({ head: "question-answering", layout: "plain", problem: undefined });
  });

  test("a File alone, whose configuration is given", async () => {
    await using checkpoint = await openCheckpoint(modelFile, { adapters, config: sampleConfig });
    expect(checkpoint).toMatchObject({ name: "model.raw", head: "question-answering", problem: undefined });
  });

  test("a URL, as text and as an object", async () => {
    const files = new Map([
      ["/m/model.raw", model],
      ["/m/config.json", config],
    ]);
    const server = createServer((request, response) => {
      const found = files.get(request.url ?? "");
      response.writeHead(found === undefined ? 404 : 200, { "content-length": found?.byteLength ?? 0 }).end(found);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    try {
      const address = server.address();
      expect.assert(typeof address === "object" && address !== null);
      const url = `http://127.0.0.1:${address.port}/m/model.raw`;
      for (const place of [url, new URL(url)]) {
        await using checkpoint = await openCheckpoint(place, { adapters });
        expect(checkpoint.head).toBe("question-answering");
      }
    } finally {
      server.close();
    }
  });
});

describe("what is no place is refused with what to write", () => {
  test.each<readonly [string, unknown, string, string]>([
    ["nothing", undefined, "argument-invalid", "Nothing is no place of a checkpoint. Give a path or URL"],
    ["a number", 3, "argument-invalid", "3 is no place"],
    ["an adapter", adapters[0], "argument-invalid", "is no place"],
    ["bytes", model, "argument-invalid", "memoryFileSet"],
    ["a promise", Promise.resolve({ files: memoryFileSet("m", {}) }), "argument-invalid", "is a promise that nobody has waited for"],
    ["no file", "no/such/model.bin", "not-found", "no/such/model.bin"],
    ["a URL of another scheme", "file://elsewhere%2f/x", "argument-invalid", "is no URL of a file"],
  ])("%s", async (_, place, code, message) => {
    await expect(checkpointInput(place as CheckpointPlace)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });
});
