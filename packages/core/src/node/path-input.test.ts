import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { directorySink } from "./directory-sink.ts";
import { fileSink } from "./file-sink.ts";
import { pathInput } from "./path-input.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-path-"));
  await writeFile(join(folder, "a b\n😀.bin"), "x");
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("a file, and a folder", async () => {
  expect(await pathInput(folder)).toMatchObject({ files: { name: folder } });
  expect(await pathInput(join(folder, "a b\n😀.bin"))).toMatchObject({ files: { name: folder }, fileName: "a b\n😀.bin" });
});

test.each([
  ["nothing", () => "nothing-there", "not-found", /no file or folder nothing-there/],
  ["what would lie in a file", () => join(folder, "a b\n😀.bin/x"), "not-found", /no file or folder/],
  ["a name that is too long", () => "x".repeat(5000), "argument-invalid", /too long/],
  // The variable of a script that was not set.
  ["no path", () => "", "argument-invalid", /path of a checkpoint is empty/],
  ["a device", () => "/dev/null", "argument-invalid", /pipe or a device.*Save it to a file/],
])("%s is refused", async (_what, path, code, message) => {
  await expect(pathInput(path())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test("an output without a name is none: it would be the working folder", async () => {
  for (const sink of [directorySink, fileSink]) await expect(sink("")).rejects.toMatchObject({ code: "argument-invalid" });
});
