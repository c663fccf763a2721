import { createServer, type Server } from "node:http";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { directoryFileSet } from "../node/directory-file-set.ts";
import type { FileSet } from "./file-set.ts";
import { filesFileSet } from "./files-file-set.ts";
import { httpFileSet } from "./http-file-set.ts";
import { joinedFileSet } from "./joined-file-set.ts";
import { memoryFileSet } from "./memory-file-set.ts";

const contents: Readonly<Record<string, string>> = {
  latest: "step",
  "config.json": "{}",
  "step/model": "weights",
  "step/inner/deep": "deeper",
};

let base: string;
let server: Server;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "longspan-folders-"));
  await mkdir(join(base, "run", "step", "inner"), { recursive: true });
  for (const [path, text] of Object.entries(contents)) await writeFile(join(base, "run", path), text);
  await mkdir(join(base, "outside"));
  await mkdir(join(base, "run-2"));
  await symlink("step", join(base, "run", "link-inside"));
  await symlink(join("..", "outside"), join(base, "run", "link-outside"));
  await symlink(join("..", "run-2"), join(base, "run", "link-beside"));
  await symlink("nowhere", join(base, "run", "link-nowhere"));
  server = createServer((request, response) => {
    readFile(join(base, decodeURIComponent(new URL(request.url ?? "", "http://x").pathname))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
});

afterAll(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await rm(base, { recursive: true });
});

function chosenFile(path: string, text: string): File {
  const file = new File([text], path.slice(path.lastIndexOf("/") + 1));
  Object.defineProperty(file, "webkitRelativePath", { value: `run/${path}` });
  return file;
}

const sets: readonly (readonly [string, () => FileSet])[] = [
  [
    "memory",
    () => memoryFileSet("run", Object.fromEntries(Object.entries(contents).map(([path, text]) => [path, new TextEncoder().encode(text)]))),
  ],
  ["chosen files", () => filesFileSet(Object.entries(contents).map(([path, text]) => chosenFile(path, text)))],
  ["a folder", () => directoryFileSet(join(base, "run"))],
  ["http", () => httpFileSet(`http://127.0.0.1:${(server.address() as AddressInfo).port}/run/`)],
];

async function textOf(files: FileSet | undefined, fileName: string): Promise<string | undefined> {
  const source = await files?.resolve(fileName);
  if (source === undefined) return undefined;
  const text = new TextDecoder().decode(await source.read(0, source.size));
  await source.close();
  return text;
}

describe.each(sets)("folders inside %s", (kind, make) => {
  test("are sets of files, and lead back", async () => {
    const run = make();
    const step = await run.folder?.("step");
    const inner = await step?.folder?.("inner");
    expect(await textOf(step, "model")).toBe("weights");
    expect(await textOf(inner, "deep")).toBe("deeper");
    expect(await textOf(step, "latest")).toBeUndefined();
    expect(await textOf(step?.parent?.(), "latest")).toBe("step");
    expect(await textOf(inner?.parent?.()?.parent?.(), "latest")).toBe("step");
  });

  test("are listed apart from files", async () => {
    const run = make();
    if (kind === "http") {
      expect([run.list, run.listFolders]).toEqual([undefined, undefined]);
      return;
    }
    expect((await run.list?.())?.toSorted()).toEqual(["config.json", "latest"]);
    expect(await run.listFolders?.()).toContain("step");
  });

  test.each(["..", ".", "", "step/inner", "/", "C:\\x"])("are none of the name %j", async (name) => {
    // A set in memory has exactly the paths it was given.
    if (kind === "memory") return;
    await expect(make().folder?.(name)).rejects.toMatchObject({ code: "unsupported" });
  });
});

test("a link to a folder inside is followed, one that leads out is refused, whatever its name begins with", async () => {
  const run = directoryFileSet(join(base, "run"));
  expect(await textOf(await run.folder?.("link-inside"), "model")).toBe("weights");
  for (const name of ["link-outside", "link-beside"]) {
    await expect(run.folder?.(name)).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining(name) });
  }
  expect(await run.folder?.("link-nowhere")).toBeUndefined();
  expect(await run.folder?.("latest")).toBeUndefined();
});

test("of joined folders the first that has a file gives it", async () => {
  const near = memoryFileSet("near", { a: new TextEncoder().encode("near") });
  const far = memoryFileSet("far", { a: new TextEncoder().encode("far"), b: new TextEncoder().encode("b") });
  const joined = joinedFileSet([near, far]);
  expect([await textOf(joined, "a"), await textOf(joined, "b"), await textOf(joined, "c")]).toEqual(["near", "b", undefined]);
  expect(await joined.list?.()).toEqual(["a", "b"]);
  expect(() => joinedFileSet([])).toThrow(expect.objectContaining({ code: "argument-invalid" }));
});

test("a folder inside chosen files has its whole path as its name: folders of one name are told apart", async () => {
  const file = (path: string): File =>
    Object.defineProperty(new File(["x"], path.split("/").at(-1) ?? ""), "webkitRelativePath", { value: path });
  const set = filesFileSet([file("run/a.bin"), file("run/one/weights/b.bin"), file("run/two/weights/b.bin")], "run");
  const names: string[] = [];
  for (const folder of ["one", "two"]) names.push((await (await set.folder?.(folder))?.folder?.("weights"))?.name ?? "");
  expect(names).toEqual(["run/one/weights", "run/two/weights"]);
});
