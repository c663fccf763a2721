import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { link, mkdir, mkdtemp, open, readFile, readdir, realpath, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DirectorySink } from "../bytes/sink.ts";
import { directorySink } from "./directory-sink.ts";
import { handleByteSink } from "./file-byte-sink.ts";
import { takeFileLock } from "./file-lock.ts";
import { fileSink } from "./file-sink.ts";
import { recordSwap } from "./interrupted-swap.ts";
import { moveFile, replaceFiles } from "./move-files.ts";
import { isStagingOf, stagingPath, swapLockPath } from "./staging.ts";

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "longspan-test-")));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const at = (...names: string[]): string => join(folder, ...names);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Every file below the folder, with its text. */
async function contents(path: string = folder): Promise<Record<string, string>> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const pairs = files.map(async (entry) => {
    const file = join(entry.parentPath, entry.name);
    return [file.slice(path.length + 1), await readFile(file, "utf8")] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

async function put(sink: DirectorySink, name: string, ...pieces: readonly string[]): Promise<void> {
  const file = await sink.file(name);
  for (const piece of pieces) await file.write(bytes(piece));
  await file.close();
}

/** The id of a process that has ended. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await new Promise((resolve) => {
    child.once("exit", resolve);
  });
  return child.pid ?? 0;
}

describe("directorySink, files in a folder inside", () => {
  test("appear with the others", async () => {
    const sink = await directorySink(at("new"));
    await put(sink, "config.json", "config");
    await put(sink, "onnx/model.onnx", "model");
    expect(await sink.commit()).toEqual([at("new/config.json"), at("new/onnx/model.onnx")]);
    expect(await contents()).toEqual({ "new/config.json": "config", "new/onnx/model.onnx": "model" });
  });

  test("take the places of those of their names, with force; superseded ones go, others stay", async () => {
    await mkdir(at("old/onnx"), { recursive: true });
    for (const name of ["onnx/model.onnx", "onnx/model_fp16.onnx", "onnx/other", "else"]) await writeFile(at("old", name), "old");
    const sink = await directorySink(at("old"), { force: true });
    sink.supersede([/^onnx\/model_fp16\.onnx$/]);
    await put(sink, "onnx/model.onnx", "new");
    await sink.commit();
    expect(await contents(at("old"))).toEqual({ "onnx/model.onnx": "new", "onnx/other": "old", else: "old" });
  });

  test("come into a folder that had none; abort leaves nothing of it", async () => {
    await mkdir(at("old"));
    const aborted = await directorySink(at("old"));
    await put(aborted, "onnx/model.onnx", "new");
    await aborted.abort();
    expect(await readdir(at("old"))).toEqual([]);
    const sink = await directorySink(at("old"));
    await put(sink, "onnx/model.onnx", "new");
    await sink.commit();
    expect(await contents(at("old"))).toEqual({ "onnx/model.onnx": "new" });
  });

  test("are not written through a link, over a file, out of the folder, or deeper", async () => {
    await mkdir(at("target"));
    await mkdir(at("elsewhere"));
    await symlink(at("elsewhere"), at("target/onnx"));
    await writeFile(at("target/file"), "file");
    const sink = await directorySink(at("target"), { force: true });
    for (const name of ["onnx/model.onnx", "file/model.onnx"])
      await expect(sink.file(name)).rejects.toMatchObject({ code: "argument-invalid" });
    for (const name of ["../x", "a/../x", "/x", "a/b/c", "a//b", "a/"])
      await expect(sink.file(name)).rejects.toMatchObject({ code: "unsupported" });
    await sink.abort();
    expect(await readdir(at("elsewhere"))).toEqual([]);
  });
});

describe("directorySink, named files of a folder", () => {
  const fileNames = ["model.onnx", "model.onnx.data"];

  test("come into a folder that holds other things, together", async () => {
    await writeFile(at("other"), "stays");
    await writeFile(at("old.shard"), "stays");
    const sink = await directorySink(folder, { fileNames });
    sink.supersede([/./]);
    await put(sink, "model.onnx.data", "much data");
    await put(sink, "model.onnx", "small");
    expect((await readdir(folder)).filter((name) => !name.startsWith("."))).toEqual(["old.shard", "other"]);
    await expect(sink.file("other")).rejects.toMatchObject({ code: "argument-invalid", message: expect.stringMatching(/is none of/) });
    expect(await sink.commit()).toEqual([at("model.onnx.data"), at("model.onnx")]);
    expect(await contents()).toEqual({ other: "stays", "old.shard": "stays", "model.onnx": "small", "model.onnx.data": "much data" });
  });

  test("none may exist, unless forced: then what is not written again goes", async () => {
    await writeFile(at("model.onnx.data"), "old");
    await expect(directorySink(folder, { fileNames })).rejects.toMatchObject({
      code: "target-exists",
      message: expect.stringMatching(/model\.onnx\.data exists/),
    });
    const sink = await directorySink(folder, { fileNames, force: true });
    sink.supersede([/^model\.onnx(\.data)?$/]);
    await put(sink, "model.onnx", "whole");
    await sink.commit();
    expect(await contents()).toEqual({ "model.onnx": "whole" });
  });

  test("need the folder, and spare what is read", async () => {
    await expect(directorySink(at("none"), { fileNames })).rejects.toMatchObject({ code: "not-found" });
    await writeFile(at("model.onnx"), "source");
    const sink = await directorySink(folder, { fileNames, force: true, sources: [at("model.onnx")] });
    await expect(sink.file("model.onnx")).rejects.toMatchObject({ code: "target-is-source" });
    await sink.abort();
    expect(await contents()).toEqual({ "model.onnx": "source" });
  });
});

describe("directorySink, a new folder", () => {
  test("appears at commit, complete", async () => {
    const sink = await directorySink(at("out"));
    expect(sink.name).toBe(at("out"));
    expect(await readdir(folder)).toEqual([]);
    await put(sink, "b.bin", "first ", "second");
    await put(sink, "a.json", "{}");
    const [staging, ...others] = await readdir(folder);
    expect(staging).toMatch(/^\.out\.longspan-staging-\d+-[0-9a-f]{16}$/);
    expect(others).toEqual([]);
    expect(await sink.commit()).toEqual([at("out", "b.bin"), at("out", "a.json")]);
    expect(await contents()).toEqual({ "out/b.bin": "first second", "out/a.json": "{}" });
    expect(await readdir(folder)).toEqual(["out"]);
  });

  test("a path with a slash at its end, and one relative to the working folder", async () => {
    const sink = await directorySink(`${at("out")}/`);
    await put(sink, "a", "1");
    await sink.commit();
    expect(await contents()).toEqual({ "out/a": "1" });
    expect((await directorySink("does-not-exist-here")).name).toBe("does-not-exist-here");
  });

  test("abort leaves nothing, whatever is open or under way, and again does nothing", async () => {
    const untouched = await directorySink(at("out"));
    await untouched.abort();
    const sink = await directorySink(at("out"));
    await put(sink, "a", "1");
    const file = await sink.file("b");
    const writing = Promise.allSettled(Array.from({ length: 20 }, () => file.write(new Uint8Array(1_000_000))));
    await sink.abort();
    await sink.abort();
    await writing;
    expect(await readdir(folder)).toEqual([]);
    await expect(sink.file("c")).rejects.toMatchObject({ code: "closed" });
    await expect(sink.commit()).rejects.toMatchObject({ code: "closed" });
    await expect(file.write(bytes("x"))).rejects.toMatchObject({ code: "closed" });
  });

  test("nothing written is an empty folder", async () => {
    await (await directorySink(at("out"))).commit();
    expect(await readdir(at("out"))).toEqual([]);
  });

  test("a folder of that name that has come into being meanwhile is left alone", async () => {
    const sink = await directorySink(at("out"), { force: true });
    await put(sink, "a", "new");
    await mkdir(at("out"));
    await writeFile(at("out", "a"), "other");
    await expect(sink.commit()).rejects.toMatchObject({ code: "target-exists" });
    expect(await contents()).toEqual({ "out/a": "other" });
    expect(await readdir(folder)).toEqual(["out"]);
  });

  test("order of use", async () => {
    const sink = await directorySink(at("out"));
    const file = await sink.file("a");
    await expect(sink.file("b")).rejects.toMatchObject({
      code: "argument-invalid",
      message: expect.stringMatching(/a has not been closed/),
    });
    await expect(sink.commit()).rejects.toMatchObject({ code: "argument-invalid" });
    await file.close();
    await file.close();
    await expect(file.write(bytes("x"))).rejects.toMatchObject({ code: "closed" });
    await expect(sink.file("a")).rejects.toMatchObject({ code: "argument-invalid", message: expect.stringMatching(/twice/) });
    await expect(sink.file("a/b")).rejects.toMatchObject({ code: "argument-invalid" });
    for (const name of ["../a", "", "..", "b/c/d", "a\\b"]) await expect(sink.file(name)).rejects.toMatchObject({ code: "unsupported" });
    expect(await sink.commit()).toEqual([at("out", "a")]);
  });

  test("places where nothing can be written", async () => {
    await writeFile(at("file"), "keep");
    await symlink("nowhere", at("link"));
    await expect(directorySink(at("missing", "out"))).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringMatching(/the folder .*missing does not exist/),
    });
    await expect(directorySink(at("file"))).rejects.toMatchObject({
      code: "argument-invalid",
      message: expect.stringMatching(/is a file/),
    });
    await expect(directorySink(at("file"), { force: true })).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(directorySink(at("file", "out"))).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(directorySink(at("link"))).rejects.toMatchObject({
      code: "argument-invalid",
      message: expect.stringMatching(/leads nowhere/),
    });
    expect((await readdir(folder)).toSorted()).toEqual(["file", "link"]);
  });
});

describe("directorySink, an existing folder", () => {
  beforeEach(async () => {
    await mkdir(at("out", "sub"), { recursive: true });
    await writeFile(at("out", "model.bin"), "old model");
    await writeFile(at("out", "notes.txt"), "mine");
    await writeFile(at("out", "sub", "model.bin"), "mine too");
  });

  test("is refused without force, empty ones are taken", async () => {
    await expect(directorySink(at("out"))).rejects.toMatchObject({ code: "target-exists", message: expect.stringMatching(/--force/) });
    await mkdir(at("empty"));
    const sink = await directorySink(at("empty"));
    await put(sink, "a", "1");
    await sink.commit();
    expect(await contents(at("empty"))).toEqual({ a: "1" });
  });

  test("gets the files written; superseded ones go; all others stay", async () => {
    await writeFile(at("out", "model-00001-of-00002.bin"), "old shard");
    await writeFile(at("out", "model-00002-of-00002.bin"), "old shard");
    await mkdir(at("out", "model-00003-of-00003.bin"));
    const sink = await directorySink(at("out"), { force: true });
    sink.supersede([/^model-\d+-of-\d+\.bin$/g, /^never$/]);
    await put(sink, "model.bin", "new model");
    await put(sink, "config.json", "{}");
    const { "notes.txt": notes, "model.bin": model } = await contents(at("out"));
    expect({ notes, model }).toEqual({ notes: "mine", model: "old model" });
    expect(await sink.commit()).toEqual([at("out", "model.bin"), at("out", "config.json")]);
    expect(await contents(at("out"))).toEqual({
      "model.bin": "new model",
      "config.json": "{}",
      "notes.txt": "mine",
      "sub/model.bin": "mine too",
    });
    expect((await readdir(at("out"))).toSorted()).toEqual(["config.json", "model-00003-of-00003.bin", "model.bin", "notes.txt", "sub"]);
    expect(await readdir(folder)).toEqual(["out"]);
  });

  test("two that replace files at once both do, one after the other: the folder is of one of them", async () => {
    const path = at("twice");
    const names = ["a", "b", "c", "d"];
    const written = async (text: string): Promise<DirectorySink> => {
      const sink = await directorySink(path, { force: true });
      for (const name of names) await put(sink, name, text);
      return sink;
    };
    await (await written("first")).commit();
    const sinks = [await written("one"), await written("other")];
    await Promise.all(sinks.map(async (sink) => sink.commit()));
    const texts = await Promise.all(names.map((name) => readFile(join(path, name), "utf8")));
    expect(new Set(texts).size).toBe(1);
    expect(["one", "other"]).toContain(texts[0]);
    expect((await readdir(path)).toSorted()).toEqual(names);
  });

  test("the lock of a run that was killed while it replaced them is nothing that was written there", async () => {
    const path = at("killed-lock");
    await mkdir(path);
    await writeFile(swapLockPath(path, path), "");
    const sink = await directorySink(path);
    await put(sink, "a", "text");
    await sink.commit();
    expect(await readdir(path)).toEqual(["a"]);
  });

  test("who waits for a run of another machine is told, and may stop waiting: nothing is changed", async () => {
    const path = at("elsewhere");
    await mkdir(path);
    const lock = swapLockPath(path, path);
    const held = await takeFileLock(lock);
    const own = await readFile(lock, "utf8");
    if (held.isTaken) await held.release();
    await writeFile(lock, JSON.stringify({ ...JSON.parse(own), machine: "elsewhere" }));
    const controller = new AbortController();
    const notes: string[] = [];
    const onNote = (note: string): void => {
      notes.push(note);
      controller.abort();
    };
    const sink = await directorySink(path, { signal: controller.signal, onNote });
    await put(sink, "a", "text");
    await expect(sink.commit()).rejects.toMatchObject({ code: "aborted" });
    expect(notes).toEqual([expect.stringContaining(`waiting for it to end. If there is none, remove ${lock}.`)]);
    expect(await readdir(path)).toEqual([basename(lock)]);
  });

  test("is as it was after an abort", async () => {
    const before = await contents();
    const sink = await directorySink(at("out"), { force: true });
    sink.supersede([/./]);
    await put(sink, "model.bin", "new model");
    await sink.abort();
    expect(await contents()).toEqual(before);
  });

  test("is as it was when a file was put in the way, without force", async () => {
    await mkdir(at("empty"));
    const sink = await directorySink(at("empty"));
    await put(sink, "a", "new");
    await writeFile(at("empty", "a"), "other");
    await expect(sink.commit()).rejects.toMatchObject({ code: "target-exists" });
    expect(await contents(at("empty"))).toEqual({ a: "other" });
    expect(await readdir(at("empty"))).toEqual(["a"]);
  });

  test("a link to a folder leads to it", async () => {
    await symlink("out", at("link"));
    const sink = await directorySink(at("link"), { force: true });
    await put(sink, "model.bin", "new model");
    expect(await sink.commit()).toEqual([at("link", "model.bin")]);
    expect(await contents(at("out"))).toMatchObject({ "model.bin": "new model" });
    expect((await readdir(folder)).toSorted()).toEqual(["link", "out"]);
  });

  test("folders are not replaced by files", async () => {
    const sink = await directorySink(at("out"), { force: true });
    await expect(sink.file("sub")).rejects.toMatchObject({ code: "argument-invalid", message: expect.stringMatching(/is a folder/) });
    await sink.abort();
  });

  test("never overwrites what is read: the folder, or a file in it by any name", async () => {
    for (const source of [at("out"), at("out", "sub", "..")]) {
      await expect(directorySink(at("out"), { force: true, sources: [source] })).rejects.toMatchObject({ code: "target-is-source" });
    }
    await link(at("out", "model.bin"), at("hard"));
    await symlink("out/model.bin", at("soft"));
    await symlink("../hard", at("out", "other.bin"));
    for (const source of [at("out", "model.bin"), at("hard"), at("soft")]) {
      const sink = await directorySink(at("out"), { force: true, sources: [source] });
      await expect(sink.file("model.bin")).rejects.toMatchObject({
        code: "target-is-source",
        details: { target: at("out", "model.bin"), source },
      });
      await expect(sink.file("other.bin")).rejects.toMatchObject({ code: "target-is-source" });
      sink.supersede([/^model\.bin$/]);
      await put(sink, "new.bin", "1");
      await expect(sink.commit()).rejects.toMatchObject({ code: "target-is-source" });
    }
    expect(await contents(at("out"))).toEqual({
      "model.bin": "old model",
      "other.bin": "old model",
      "notes.txt": "mine",
      "sub/model.bin": "mine too",
    });
  });

  test("may lie beside what is read, and take other files", async () => {
    const sink = await directorySink(at("out"), { force: true, sources: [at("out", "model.bin"), at("missing")] });
    await put(sink, "model.safetensors", "converted");
    await sink.commit();
    expect(await contents(at("out"))).toMatchObject({ "model.bin": "old model", "model.safetensors": "converted" });
  });
});

describe("fileSink", () => {
  test("one file, which appears at commit", async () => {
    const sink = await fileSink(at("out.bin"));
    expect(await readdir(folder)).toEqual([]);
    sink.supersede([/./]);
    await put(sink, "out.bin", "1", "2");
    const [staging] = await readdir(folder);
    expect(staging).toMatch(/^\.out\.bin\.longspan-staging-\d+-[0-9a-f]{16}$/);
    expect(await sink.commit()).toEqual([at("out.bin")]);
    expect(await contents()).toEqual({ "out.bin": "12" });
    await sink.abort();
    expect(await contents()).toEqual({ "out.bin": "12" });
  });

  test("no other file, and none twice", async () => {
    const sink = await fileSink(at("out.bin"));
    await expect(sink.file("config.json")).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(sink.commit()).rejects.toMatchObject({
      code: "argument-invalid",
      message: expect.stringMatching(/nothing has been written/),
    });
    const file = await sink.file("out.bin");
    await expect(sink.commit()).rejects.toMatchObject({ code: "argument-invalid", message: expect.stringMatching(/not been closed/) });
    await file.close();
    await expect(sink.file("out.bin")).rejects.toMatchObject({ code: "argument-invalid" });
    await sink.commit();
    await expect(sink.commit()).rejects.toMatchObject({ code: "closed" });
  });

  test("abort leaves nothing", async () => {
    const sink = await fileSink(at("out.bin"));
    const file = await sink.file("out.bin");
    const writing = Promise.allSettled([file.write(new Uint8Array(5_000_000)), file.write(new Uint8Array(5_000_000))]);
    await sink.abort();
    await writing;
    expect(await readdir(folder)).toEqual([]);
    await expect(sink.file("out.bin")).rejects.toMatchObject({ code: "closed" });
  });

  test("an existing file is replaced with force only", async () => {
    await writeFile(at("out.bin"), "old");
    await expect(fileSink(at("out.bin"))).rejects.toMatchObject({ code: "target-exists" });
    const sink = await fileSink(at("out.bin"), { force: true });
    await put(sink, "out.bin", "new");
    expect(await readFile(at("out.bin"), "utf8")).toBe("old");
    await sink.commit();
    expect(await contents()).toEqual({ "out.bin": "new" });
  });

  test("a file that has come into being meanwhile is left alone", async () => {
    const sink = await fileSink(at("out.bin"));
    await put(sink, "out.bin", "new");
    await writeFile(at("out.bin"), "other");
    await expect(sink.commit()).rejects.toMatchObject({ code: "target-exists" });
    await sink.abort();
    expect(await contents()).toEqual({ "out.bin": "other" });
  });

  test("a link is replaced, not what it leads to", async () => {
    await writeFile(at("blob"), "shared");
    await symlink("blob", at("out.bin"));
    const sink = await fileSink(at("out.bin"), { force: true });
    await put(sink, "out.bin", "new");
    await sink.commit();
    expect(await contents()).toEqual({ blob: "shared", "out.bin": "new" });
  });

  test("never what is read, by any name, not even with force", async () => {
    await mkdir(at("models"));
    await writeFile(at("models", "a"), "source");
    await link(at("models", "a"), at("hard"));
    await symlink("models/a", at("soft"));
    for (const target of [at("models", "a"), at("hard"), at("soft"), at("models", "..", "models", "a")]) {
      for (const sources of [[at("models", "a")], [at("models")], [at("soft")]]) {
        await expect(fileSink(target, { force: true, sources })).rejects.toMatchObject({ code: "target-is-source" });
      }
    }
    expect(Object.values(await contents())).toEqual(["source", "source", "source"]);
  });

  test("places where no file can be", async () => {
    await mkdir(at("d"));
    await writeFile(at("f"), "");
    await symlink("nowhere", at("link"));
    await expect(fileSink(at("d"), { force: true })).rejects.toMatchObject({
      code: "argument-invalid",
      message: expect.stringMatching(/is a folder/),
    });
    await expect(fileSink(at("missing", "out"))).rejects.toMatchObject({ code: "not-found" });
    await expect(fileSink(at("f", "out"))).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(fileSink(at("link"))).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(fileSink("/dev/null", { force: true })).rejects.toMatchObject({
      code: "argument-invalid",
      message: expect.stringMatching(/device/),
    });
  });
});

describe("what killed runs leave", () => {
  test("is removed by the next run to the same target, with a note", async () => {
    const dead = await deadProcess();
    const [file, directory] = [stagingPath(folder, at("out")), stagingPath(folder, at("out"))].map((path) =>
      path.replace(`-${process.pid}-`, `-${dead}-`),
    );
    await writeFile(file ?? "", "half");
    await mkdir(directory ?? "");
    await writeFile(join(directory ?? "", "model.bin"), "half");
    const notes: string[] = [];
    const sink = await directorySink(at("out"), { onNote: (note) => notes.push(note) });
    expect(notes.toSorted()).toEqual([file, directory].map((path) => `Removed ${path}, which an interrupted run left behind.`).toSorted());
    expect(await readdir(folder)).toEqual([]);
    await sink.abort();
  });

  test("is removed from inside an existing folder too", async () => {
    await mkdir(at("out"));
    const orphan = stagingPath(at("out"), at("out")).replace(`-${process.pid}-`, `-${await deadProcess()}-`);
    await mkdir(orphan);
    await directorySink(at("out"));
    expect(await readdir(at("out"))).toEqual([]);
  });

  test.each([
    ["before the first move", { "config.json": "old", "model.bin": "old", "kept.txt": "mine" }, {}, ["config.json", "model.bin"]],
    ["when one old file was gone", { "model.bin": "old", "kept.txt": "mine" }, { "config.json": "old" }, ["config.json", "model.bin"]],
    ["when all old files were gone", { "kept.txt": "mine" }, { "config.json": "old", "model.bin": "old" }, ["config.json", "model.bin"]],
    [
      "when one new file had come",
      { "config.json": "new", "kept.txt": "mine" },
      { "config.json": "old", "model.bin": "old" },
      ["model.bin"],
    ],
  ])("files that a killed run took away come back: %s", async (_, there, taken, waiting) => {
    const before = { "config.json": "old", "model.bin": "old", "kept.txt": "mine" };
    const staging = stagingPath(at("out"), at("out")).replace(`-${process.pid}-`, `-${await deadProcess()}-`);
    await mkdir(join(staging, "new"), { recursive: true });
    await mkdir(join(staging, "old"));
    for (const [name, text] of Object.entries(there)) await writeFile(at("out", name), text);
    for (const [name, text] of Object.entries(taken)) await writeFile(join(staging, "old", name), text);
    for (const name of waiting) await writeFile(join(staging, "new", name), "new");
    await recordSwap(staging, { incoming: ["config.json", "model.bin"], outgoing: ["config.json", "model.bin"] });
    const notes: string[] = [];
    const sink = await directorySink(at("out"), { force: true, onNote: (note) => notes.push(note) });
    await sink.abort();
    expect(await contents(at("out"))).toEqual(before);
    expect(notes.some((note) => note.startsWith("Put back the files"))).toBe(Object.keys(taken).length > 0);
  });

  test("a replacement that was complete when its run was killed stays", async () => {
    const staging = stagingPath(at("out"), at("out")).replace(`-${process.pid}-`, `-${await deadProcess()}-`);
    await mkdir(join(staging, "new"), { recursive: true });
    await mkdir(join(staging, "old"));
    await writeFile(at("out/model.bin"), "new");
    await writeFile(join(staging, "old/model.bin"), "old");
    await recordSwap(staging, { incoming: ["model.bin"], outgoing: ["model.bin"] });
    await (await directorySink(at("out"), { force: true })).abort();
    expect(await contents(at("out"))).toEqual({ "model.bin": "new" });
  });

  test("what cannot be put back is kept, and told", async () => {
    const staging = stagingPath(at("out"), at("out")).replace(`-${process.pid}-`, `-${await deadProcess()}-`);
    await mkdir(join(staging, "new"), { recursive: true });
    await mkdir(join(staging, "old"));
    await writeFile(join(staging, "old/model.bin"), "old");
    await writeFile(join(staging, "new/model.bin"), "new");
    await writeFile(at("out/model.bin"), "put there since");
    await recordSwap(staging, { incoming: ["model.bin"], outgoing: ["model.bin"] });
    const notes: string[] = [];
    await (await directorySink(at("out"), { force: true, onNote: (note) => notes.push(note) })).abort();
    expect(await readFile(at("out/model.bin"), "utf8")).toBe("put there since");
    expect(await readFile(join(staging, "old/model.bin"), "utf8")).toBe("old");
    expect(notes).toEqual([expect.stringContaining("Move them by hand")]);
  });

  test("what may be at work, or is of another target, stays", async () => {
    const dead = await deadProcess();
    const own = stagingPath(folder, at("out"));
    const parent = stagingPath(folder, at("out")).replace(`-${process.pid}-`, `-${process.ppid}-`);
    const otherTarget = stagingPath(folder, at("other")).replace(`-${process.pid}-`, `-${dead}-`);
    const elsewhere = at(`.out.longspan-staging-${dead}-ffffff0123456789`);
    const lookAlike = at(`.out.longspan-staging-${dead}`);
    for (const path of [own, parent, otherTarget, elsewhere, lookAlike]) await writeFile(path, "");
    const notes: string[] = [];
    await fileSink(at("out"), { onNote: (note) => notes.push(note) });
    expect((await readdir(folder)).length).toBe(5);
    expect(notes).toEqual([]);

    // A day later, another machine's is taken for abandoned; with this process's id, what is older than the process is not its own.
    const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(elsewhere, longAgo, longAgo);
    await utimes(own, longAgo, longAgo);
    await fileSink(at("out"), { onNote: (note) => notes.push(note) });
    expect((await readdir(folder)).map((name) => at(name)).toSorted()).toEqual([parent, otherTarget, lookAlike].toSorted());
    expect(notes.length).toBe(2);
  });

  test("staging names are recognised, also of long names", () => {
    for (const target of ["out", "a.b", "模型".repeat(40), "n".repeat(255)]) {
      const name = stagingPath("", target);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
      expect(isStagingOf(name, target)).toBe(true);
      expect(isStagingOf(name, `${target.slice(0, -1)}!`)).toBe(false);
    }
    expect(isStagingOf(".a.longspan-staging-1-0123456789abcdef.bin", "a")).toBe(false);
  });

  test("a killed process leaves no finished-looking file, and its remnants go", async () => {
    const program = `
      import { directorySink } from ${JSON.stringify(new URL("directory-sink.ts", import.meta.url).href)};
      const sink = await directorySink(process.argv[1]);
      const file = await sink.file("model.bin");
      await file.write(new Uint8Array(1000));
      console.log("writing");
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program, at("out")], { stdio: ["ignore", "pipe", "ignore"] });
    await new Promise((resolve) => {
      child.stdout.once("data", resolve);
    });
    const exited = new Promise((resolve) => {
      child.once("exit", resolve);
    });
    child.kill("SIGKILL");
    await exited;
    const [remnant, ...others] = await readdir(folder);
    expect(isStagingOf(remnant ?? "", "out")).toBe(true);
    expect(others).toEqual([]);
    const sink = await directorySink(at("out"));
    expect(await readdir(folder)).toEqual([]);
    await sink.abort();
  });
});

describe("moving files", () => {
  test("moveFile replaces when told to only", async () => {
    await writeFile(at("a"), "A");
    await writeFile(at("b"), "B");
    await expect(moveFile(at("a"), at("b"), false)).rejects.toMatchObject({ code: "target-exists" });
    expect(await contents()).toEqual({ a: "A", b: "B" });
    await moveFile(at("a"), at("c"), false);
    await moveFile(at("c"), at("b"), true);
    expect(await contents()).toEqual({ b: "A" });
    await expect(moveFile(at("x"), at("y"), true)).rejects.toMatchObject({ code: "not-found" });
  });

  test("replaceFiles puts all back when one move fails", async () => {
    for (const name of ["folder", "new", "old"]) await mkdir(at(name));
    await writeFile(at("folder", "a"), "old a");
    await writeFile(at("folder", "b"), "old b");
    await writeFile(at("new", "a"), "new a");
    const before = await contents();
    const replacement = {
      folder: at("folder"),
      incoming: ["a", "missing"],
      newFolder: at("new"),
      outgoing: ["a", "b"],
      oldFolder: at("old"),
    };
    await expect(replaceFiles(replacement)).rejects.toMatchObject({ code: "not-found" });
    expect(await contents()).toEqual(before);
    await expect(replaceFiles({ ...replacement, incoming: ["a"], outgoing: ["b", "missing"] })).rejects.toMatchObject({
      code: "not-found",
    });
    expect(await contents()).toEqual(before);
    await replaceFiles({ ...replacement, incoming: ["a"] });
    expect(await contents()).toEqual({ "folder/a": "new a", "old/a": "old a", "old/b": "old b" });
  });
});

describe("writing", () => {
  test("writes that do not wait for each other keep their order", async () => {
    const sink = await fileSink(at("out"));
    const file = await sink.file("out");
    const pieces = Array.from({ length: 50 }, (_, index) => new Uint8Array(1 + ((index * 7919) % 70_000)).fill(index));
    await Promise.all(pieces.map((piece) => file.write(piece)));
    await file.close();
    await sink.commit();
    expect(Buffer.compare(await readFile(at("out")), Buffer.concat(pieces))).toBe(0);
  });

  test("a buffer can be used again once its write is done; 40 MB", async () => {
    const sink = await fileSink(at("out"));
    const file = await sink.file("out");
    const buffers = [new Uint8Array(2 ** 20), new Uint8Array(2 ** 20)];
    const writes: (Promise<void> | undefined)[] = [];
    const expected = createHash("sha256");
    for (let index = 0; index < 40; index++) {
      await writes[index % 2];
      const buffer = (buffers[index % 2] ?? new Uint8Array(0)).fill(index + 1);
      expected.update(buffer);
      writes[index % 2] = file.write(buffer);
    }
    await file.close();
    await sink.commit();
    expect((await stat(at("out"))).size).toBe(40 * 2 ** 20);
    expect(
      createHash("sha256")
        .update(await readFile(at("out")))
        .digest("hex"),
    ).toBe(expected.digest("hex"));
  });

  test.skipIf(process.platform !== "linux")("a full disk is told by write and close, and later writes fail at once", async () => {
    const file = handleByteSink(await open("/dev/full", "w"), "/disk/model.bin");
    const failures = await Promise.allSettled([file.write(new Uint8Array(10)), file.write(new Uint8Array(10))]);
    expect(failures).toMatchObject([{ reason: { code: "disk-full" } }, { reason: { code: "disk-full" } }]);
    await expect(file.write(new Uint8Array(1))).rejects.toMatchObject({
      code: "disk-full",
      message: "/disk/model.bin cannot be written: no space is left on the disk.",
    });
    await expect(file.close()).rejects.toMatchObject({ code: "disk-full" });
    await file.abandon();
  });
});
