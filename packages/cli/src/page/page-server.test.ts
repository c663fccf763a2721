import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { servePage, type PageServer } from "./page-server.ts";

vi.mock(import("node:fs"), async (original) => {
  const { createReadStream, ...fs } = await original();
  // Between a look at a file and its opening it may go.
  const opened: typeof createReadStream = (path, options) => createReadStream(String(path).replace("gone", "gone away"), options);
  return { ...fs, createReadStream: opened };
});

const folder = mkdtempSync(join(tmpdir(), "longspan-page-"));
const policy = "default-src 'none'; connect-src 'self' https://huggingface.co; base-uri 'none'";
let server: PageServer;

beforeAll(async () => {
  mkdirSync(join(folder, "page/assets"), { recursive: true });
  mkdirSync(join(folder, "wasm"));
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(join(folder, "page/index.html"), `<meta http-equiv="Content-Security-Policy" content="${policy}" /><p>page</p>`);
  writeFileSync(join(folder, "page/assets/page.js"), "0123456789");
  writeFileSync(join(folder, "wasm/a.wasm"), "wasm");
  server = await servePage({
    folder: join(folder, "page"),
    mounted: { ort: join(folder, "wasm") },
    port: 0,
    connect: ["https://models.example/x"],
  });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

test("the page has its own policy as a header, widened by what was asked for, and is isolated", async () => {
  const response = await fetch(server.url);
  expect(await response.text()).toContain("https://huggingface.co https://models.example; base-uri");
  expect(response.headers.get("content-security-policy")).toBe(policy.replace("huggingface.co", "huggingface.co https://models.example"));
  expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(response.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
  expect(new URL(server.url).hostname).toBe("127.0.0.1");
});

test("files, whole and in ranges, also of a folder elsewhere", async () => {
  const whole = await fetch(`${server.url}assets/page.js`);
  expect([whole.headers.get("content-type"), await whole.text()]).toEqual(["text/javascript", "0123456789"]);
  const part = await fetch(`${server.url}assets/page.js`, { headers: { range: "bytes=2-4" } });
  expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 2-4/10", "234"]);
  expect(await (await fetch(`${server.url}ort/a.wasm`)).text()).toBe("wasm");
  const head = await fetch(`${server.url}assets/page.js`, { method: "HEAD" });
  expect([head.headers.get("content-length"), await head.text()]).toEqual(["10", ""]);
});

test("a file that cannot be opened any more ends its answer alone", async () => {
  writeFileSync(join(folder, "page/gone.js"), "0123456789");
  await expect(fetch(`${server.url}gone.js`).then(async (response) => response.text())).rejects.toBeInstanceOf(TypeError);
  expect((await fetch(server.url)).status).toBe(200);
});

/** As no client of ours would ask: the path is sent as it stands. */
async function statusOf(path: string): Promise<number | undefined> {
  const { port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}

test("nothing outside its folders is served, and nothing is taken", async () => {
  for (const path of [
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/assets/../../secret.txt",
    "/ort/../secret.txt",
    "/ort/..%2f..%2fsecret.txt",
    "/%00",
    "/%",
    "/assets",
  ])
    expect([path, await statusOf(path)]).toEqual([path, 404]);
  expect((await fetch(server.url, { method: "POST", body: "x" })).status).toBe(405);
});

test("a port that is taken, an origin that is none and a page that is not there are told as such", async () => {
  const port = Number(new URL(server.url).port);
  await expect(servePage({ folder: join(folder, "page"), port })).rejects.toMatchObject({
    code: "io-failed",
    message: expect.stringContaining("--port"),
  });
  await expect(servePage({ folder: join(folder, "page"), port: 0, connect: ["models"] })).rejects.toMatchObject({
    code: "argument-invalid",
  });
  await expect(servePage({ folder, port: 0 })).rejects.toMatchObject({ code: "not-found" });
});
