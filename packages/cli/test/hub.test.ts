import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { hubServer, type HubServer } from "@longspan/hub-server";
import { runCommand, runJson } from "./run-command.ts";

const model = fileURLToPath(new URL("../../../fixtures/huggingface/question-answering", import.meta.url));
const commit = "0123456789abcdef0123456789abcdef01234567";
let server: HubServer;
let folder: string;

beforeAll(async () => {
  const names = (await readdir(model)).filter((name) => !name.includes("expected"));
  const files = new Map<string, Uint8Array>();
  for (const name of names) files.set(name, new Uint8Array(await readFile(join(model, name))));
  // The same model in other frameworks, as the hub's folders have it: not needed, so not fetched.
  files.set("pytorch_model.bin", new Uint8Array(100_000));
  files.set("tf_model.h5", new Uint8Array(100_000));
  server = await hubServer({ "somebody/model": { commit, files } });
});
afterAll(async () => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-cli-hub-"));
  vi.stubEnv("HF_ENDPOINT", server.endpoint);
  vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
  vi.stubEnv("HF_HUB_OFFLINE", "0");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe("a model by its name", () => {
  test("is inspected without being kept", async () => {
    const { code, document } = await runJson("inspect", "somebody/model");
    expect({ code, head: document.head, container: document.container }).toEqual({
      code: 0,
      head: "question-answering",
      container: "safetensors",
    });
    await expect(readdir(join(folder, "cache/models--somebody--model/blobs"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("is converted, with its tokenizer, and only what is needed is fetched", async () => {
    const before = server.requests.length;
    const output = join(folder, "paddle");
    expect((await runJson("convert", "somebody/model@main", "--to", "paddle", "-o", output)).code).toBe(0);
    expect(await readdir(output)).toContain("vocab.json");
    const fetched = server.requests.slice(before).filter((request) => /pytorch_model|tf_model/.test(request));
    expect(fetched).toEqual([]);
    expect((await runJson("verify", "somebody/model", output)).document).toMatchObject({ equal: true });
    const asked = server.requests.length;
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect((await runJson("inspect", "somebody/model")).code).toBe(0);
    expect(server.requests.length).toBe(asked);
  });

  test("that is neither here nor there is said to be neither", async () => {
    const { code, error } = await runCommand("inspect", "somebody/nothing");
    expect(code).toBe(1);
    expect(error).toContain("There is no file or folder somebody/nothing here");
    expect(error).toContain("There is no model somebody/nothing");
  });
});
