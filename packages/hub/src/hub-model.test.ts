import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LongspanError, type ByteSource, type ProgressEvent } from "@longspan/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { hubServer, type HubServer } from "@longspan/hub-server";
import { hubModel } from "./hub-model.ts";
import type { HubOptions } from "./hub-options.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const weights = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 251);
const files = new Map([
  ["config.json", text('{"model_type":"longformer"}')],
  ["model.safetensors", weights],
  ["pytorch_model.bin", weights.subarray(1)],
  ["1_Pooling/config.json", text("{}")],
]);

let server: HubServer;
let cacheFolder: string;

beforeEach(async () => {
  server = await hubServer({ "somebody/model": { commit, files }, "somebody/gated": { commit, files, gated: "hf_right" } });
  cacheFolder = await mkdtemp(join(tmpdir(), "longspan-hub-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await rm(cacheFolder, { recursive: true, force: true });
});

async function open(name = "somebody/model", options: HubOptions = {}) {
  return (await hubModel(name, { endpoint: server.endpoint, cacheFolder, offline: false, token: "hf_right", ...options })).files;
}

async function bytesOf(source: ByteSource | undefined): Promise<Uint8Array> {
  if (source === undefined) throw new Error("no such file");
  const bytes = (await source.read(0, source.size)).slice();
  await source.close();
  return bytes;
}

const storeRequests = (): string[] => server.requests.filter((request) => request.includes("/store/"));
const repositoryFolder = (): string => join(cacheFolder, "models--somebody--model");

describe("files of a model by its name", () => {
  test("are listed, with folders inside", async () => {
    const opened = await open();
    expect(await opened.list?.()).toEqual(["config.json", "model.safetensors", "pytorch_model.bin"]);
    expect(await opened.listFolders?.()).toEqual(["1_Pooling"]);
    expect(await bytesOf(await (await opened.folder?.("1_Pooling"))?.resolve("config.json"))).toEqual(text("{}"));
    expect(await opened.resolve("missing.json")).toBeUndefined();
  });

  test("are fetched when read, each once, and no others", async () => {
    const opened = await open();
    const source = await opened.resolve("model.safetensors");
    expect({ size: source?.size, fetched: storeRequests() }).toEqual({ size: weights.byteLength, fetched: [] });
    expect(await bytesOf(source)).toEqual(weights);
    const fetched = storeRequests().length;
    expect(await bytesOf(await (await open()).resolve("model.safetensors"))).toEqual(weights);
    expect(storeRequests().length).toBe(fetched);
    expect(storeRequests().some((request) => request.includes("pytorch_model"))).toBe(false);
  });

  test("lie in the cache as Python's huggingface_hub lays them", async () => {
    const opened = await open();
    await bytesOf(await opened.resolve("model.safetensors"));
    await bytesOf(await opened.resolve("config.json"));
    const root = repositoryFolder();
    expect(await readFile(join(root, "refs/main"), "utf8")).toBe(commit);
    const link = await readlink(join(root, "snapshots", commit, "model.safetensors"));
    expect(link).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    expect(await readlink(join(root, "snapshots", commit, "config.json"))).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/);
    expect((await readdir(join(root, "blobs"))).length).toBe(2);
  });

  test("tell their progress by bytes", async () => {
    const events: ProgressEvent[] = [];
    await bytesOf(await (await open("somebody/model", { onProgress: (event) => events.push(event) })).resolve("model.safetensors"));
    expect(events.at(-1)).toEqual({ stage: "download", item: "model.safetensors", done: 100_000, total: 100_000, unit: "bytes" });
  });

  test.each([true, false])("are refused where the hub's list says another size; read by ranges: %s", async (remote) => {
    const lying: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const address = input instanceof Request ? input.url : String(input);
      if (!address.includes("/tree/")) return response;
      return new Response((await response.text()).replaceAll("100000", "99999"), { headers: response.headers });
    };
    const source = await (await open("somebody/model", { remote, fetch: lying })).resolve("model.safetensors");
    await expect(source?.read(0, 5)).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("the hub's list says 99999"),
    });
  });

  test("are read by ranges, and not kept, where a look is enough", async () => {
    const source = await (await open("somebody/model", { remote: true })).resolve("model.safetensors");
    expect((await source?.read(10, 5))?.slice()).toEqual(weights.slice(10, 15));
    await source?.close();
    await expect(stat(join(repositoryFolder(), "blobs"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("downloads that end early", () => {
  test("are gone on with by the next try, from where they ended", async () => {
    const root = repositoryFolder();
    await bytesOf(await (await open()).resolve("model.safetensors"));
    const [blob] = await readdir(join(root, "blobs"));
    await rm(join(root, "snapshots"), { recursive: true });
    await rm(join(root, "blobs", blob ?? ""));
    await writeFile(join(root, "blobs", `${blob}.incomplete`), weights.subarray(0, 60_000));
    const events: ProgressEvent[] = [];
    const source = await (await open("somebody/model", { onProgress: (event) => events.push(event) })).resolve("model.safetensors");
    expect(await bytesOf(source)).toEqual(weights);
    expect(events[0]?.done).toBe(60_000);
  });

  test("survive a broken connection", async () => {
    server.cutAfter(1000, 5000);
    expect(await bytesOf(await (await open()).resolve("model.safetensors"))).toEqual(weights);
  });

  test("whose kept part is of something else are refused, removed, and right the next time", async () => {
    await bytesOf(await (await open()).resolve("model.safetensors"));
    const root = repositoryFolder();
    const [blob] = await readdir(join(root, "blobs"));
    await rm(join(root, "snapshots"), { recursive: true });
    await rm(join(root, "blobs", blob ?? ""));
    await writeFile(join(root, "blobs", `${blob}.incomplete`), new Uint8Array(50_000));
    await expect(bytesOf(await (await open()).resolve("model.safetensors"))).rejects.toMatchObject({ code: "malformed" });
    expect(await bytesOf(await (await open()).resolve("model.safetensors"))).toEqual(weights);
  });

  test("by a process that is gone leave a lock that does not hold", async () => {
    await bytesOf(await (await open()).resolve("model.safetensors"));
    const root = repositoryFolder();
    const [blob] = await readdir(join(root, "blobs"));
    await rm(join(root, "snapshots"), { recursive: true });
    await rm(join(root, "blobs", blob ?? ""));
    const lock = join(root, "blobs", `${blob}.lock`);
    const script = `const { takeFileLock } = await import("@longspan/core/node"); await takeFileLock(${JSON.stringify(lock)}); process.kill(process.pid, "SIGKILL")`;
    await once(spawn(process.execPath, ["--conditions=@longspan/source", "--input-type=module", "-e", script]), "close");
    expect(await readFile(lock, "utf8")).toContain('"process"');
    expect(await bytesOf(await (await open()).resolve("model.safetensors"))).toEqual(weights);
  });

  test("of several at once are one", async () => {
    const all = await Promise.all(Array.from({ length: 4 }, async () => bytesOf(await (await open()).resolve("model.safetensors"))));
    expect(all.every((bytes) => Buffer.compare(bytes, weights) === 0)).toBe(true);
    expect((await readdir(join(repositoryFolder(), "blobs"))).length).toBe(1);
  });

  test("stop at once when interrupted", async () => {
    await expect(open("somebody/model", { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("a machine", () => {
  test("whose variables are empty says nothing by them", async () => {
    for (const name of ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE"]) vi.stubEnv(name, " ");
    vi.stubEnv("HF_TOKEN_PATH", join(cacheFolder, "token"));
    await writeFile(join(cacheFolder, "token"), "hf_right\n");
    const { files: gated } = await hubModel("somebody/gated", { endpoint: server.endpoint, cacheFolder, offline: false });
    expect(await bytesOf(await gated.resolve("model.safetensors"))).toEqual(weights);
  });

  test("that cannot note a branch's commit opens the model all the same", async () => {
    await bytesOf(await (await open()).resolve("model.safetensors"));
    await rm(join(repositoryFolder(), "refs"), { recursive: true });
    await writeFile(join(repositoryFolder(), "refs"), "a file where the folder would be");
    expect(await bytesOf(await (await open()).resolve("model.safetensors"))).toEqual(weights);
  });

  test("that cannot keep a file says so", async () => {
    await bytesOf(await (await open()).resolve("config.json"));
    await rm(join(repositoryFolder(), "blobs"), { recursive: true });
    await writeFile(join(repositoryFolder(), "blobs"), "a file where the folder would be");
    await expect((await open()).resolve("model.safetensors").then(bytesOf)).rejects.toBeInstanceOf(LongspanError);
  });
});

describe("what is not to be had", () => {
  test.each([
    ["somebody/nothing", {}, "not-found", "There is no model somebody/nothing"],
    ["somebody/gated", { token: "hf_other" }, "permission-denied", "accept its conditions"],
    ["somebody/model@v9", {}, "not-found", 'no branch, tag or commit "v9"'],
    ["somebody/model", { endpoint: "http://127.0.0.1:9" }, "network-failed", "HF_HUB_OFFLINE"],
    ["somebody/model", { offline: true }, "not-found", "is not in"],
    ["some/where/else", {}, "argument-invalid", "owner/name"],
    ["somebody/model", { cacheDir: "x" }, "argument-invalid", 'no option "cacheDir" of hubModel'],
  ] as const)("%s %o is %s, with the way out", async (name, options, code, way) => {
    const error: unknown = await open(name, options as HubOptions).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(way) as string });
  });

  test.each([
    ["../../../elsewhere", "a".repeat(40), 3],
    ["folder/../../elsewhere", "a".repeat(40), 3],
    ["/etc/elsewhere", "a".repeat(40), 3],
    ["C:\\elsewhere", "a".repeat(40), 3],
    ["config.json", "../../../elsewhere", 3],
    ["config.json", "", 3],
    ["config.json", "a".repeat(40), -1],
  ])("a list of files that leads out of the cache is refused: %s, named %s, of %i bytes", async (path, oid, size) => {
    const dishonest: typeof fetch = async (input, init) =>
      String(input instanceof Request ? input.url : input).includes("/tree/")
        ? Response.json([{ type: "file", path, oid, size }])
        : fetch(input, init);
    await expect(open("somebody/model", { fetch: dishonest })).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("somebody/model") as string,
    });
  });

  test("a token is not sent to the store of large files", async () => {
    expect(await bytesOf(await (await open("somebody/gated")).resolve("model.safetensors"))).toEqual(weights);
  });
});

describe("offline", () => {
  test("what was fetched is there, and nothing is asked", async () => {
    await bytesOf(await (await open()).resolve("model.safetensors"));
    const asked = server.requests.length;
    for (const name of ["somebody/model", `somebody/model@${commit}`]) {
      const opened = await open(name, { offline: true });
      expect(await opened.list?.()).toEqual(["model.safetensors"]);
      expect(await bytesOf(await opened.resolve("model.safetensors"))).toEqual(weights);
    }
    expect(server.requests.length).toBe(asked);
  });

  test("the environment says so, and where hub and cache are", async () => {
    await bytesOf(await (await open()).resolve("config.json"));
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    vi.stubEnv("HF_HUB_CACHE", cacheFolder);
    const { files: opened } = await hubModel("somebody/model");
    expect(await opened.list?.()).toEqual(["config.json"]);
    vi.stubEnv("HF_HUB_OFFLINE", "0");
    vi.stubEnv("HF_ENDPOINT", `${server.endpoint}/`);
    expect(await (await hubModel("somebody/model@v1")).files.list?.()).toContain("model.safetensors");
  });
});
