import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import type * as os from "node:os";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tuningStore as browserStore } from "./tuning-store.browser.ts";
import { tuningStore } from "./tuning-store.node.ts";

vi.mock("node:os", async (original) => {
  const real = await original<typeof os>();
  return { ...real, homedir: vi.fn<typeof homedir>(real.homedir) };
});

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-cache-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true, force: true });
});

test("what is written is read, by another process as well, and no part of it is left", async () => {
  expect(await tuningStore().read("a.json")).toBeUndefined();
  await tuningStore().write("a.json", "one");
  await tuningStore().write("a.json", "two");
  expect(await tuningStore().read("a.json")).toBe("two");
  expect(await readdir(join(folder, "longspan"))).toEqual(["a.json"]);
});

test("a cache folder that cannot be written to keeps nothing and throws nothing", async () => {
  await writeFile(join(folder, "longspan"), "a file where the folder would be");
  await tuningStore().write("a.json", "one");
  expect(await tuningStore().read("a.json")).toBeUndefined();
});

test("a user without a folder keeps nothing, and nothing is thrown", async () => {
  vi.stubEnv("XDG_CACHE_HOME", "");
  vi.mocked(homedir).mockImplementation(() => {
    throw new Error("A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)");
  });
  const store = tuningStore();
  await store.write("a.json", "one");
  expect(await store.read("a.json")).toBeUndefined();
  expect(homedir).toHaveBeenCalled();
});

/** As much of a browser's Cache API as is used. */
function cachesOf(entries: Map<string, Response>): Pick<CacheStorage, "open"> {
  const cache = {
    match: async (key: string) => entries.get(key)?.clone(),
    put: async (key: string, answer: Response) => void entries.set(key, answer),
  };
  return { open: async () => cache as unknown as Cache };
}

test("in browsers what is written is read", async () => {
  vi.stubGlobal("caches", cachesOf(new Map()));
  expect(await browserStore().read("a GPU / b.json")).toBeUndefined();
  await browserStore().write("a GPU / b.json", "one");
  expect(await browserStore().read("a GPU / b.json")).toBe("one");
});

const insecure = (): never => {
  throw new DOMException("The operation is insecure.", "SecurityError");
};
const refusing = async (): Promise<never> => insecure();

test.each([
  ["throws when it is looked at, as in sandboxed frames", { get: insecure }],
  ["does not open", { value: { open: refusing } }],
  ["refuses what is asked of it", { value: { open: async () => ({ match: refusing, put: refusing }) } }],
] as const)("a Cache API that %s keeps nothing and throws nothing", async (_, property) => {
  vi.stubGlobal("caches", undefined);
  Object.defineProperty(globalThis, "caches", { configurable: true, ...property });
  await browserStore().write("a.json", "one");
  expect(await browserStore().read("a.json")).toBeUndefined();
});
