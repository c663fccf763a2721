import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tuningStore } from "./tuning-store.node.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-cache-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
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
