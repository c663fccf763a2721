import { mkdir, mkdtemp, open, realpath, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { directoryFileSet } from "./directory-file-set.ts";
import { fileSource } from "./file-source.ts";
import { fileSystemError } from "./file-system-error.ts";

const content = Uint8Array.from({ length: 5000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "longspan-test-")));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const at = (...names: string[]): string => join(folder, ...names);

describe("fileSource", () => {
  test("gives every range, into the buffer that is lent", async () => {
    await writeFile(at("m"), content);
    const source = await fileSource(at("m"));
    expect(source).toMatchObject({ name: at("m"), size: 5000 });
    const into = new Uint8Array(6000);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 5000 }), fc.nat({ max: 5000 }), fc.boolean(), async (one, other, lend) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const bytes = await source.read(from, to - from, lend ? { into } : {});
        expect(Buffer.compare(bytes, content.subarray(from, to))).toBe(0);
        expect(bytes.buffer === into.buffer).toBe(lend);
      }),
    );
    await expect(source.read(4999, 2)).rejects.toMatchObject({ code: "truncated" });
    await expect(source.read(-1, 2)).rejects.toMatchObject({ code: "argument-invalid" });
    await source.close();
  });

  test("an empty file", async () => {
    await writeFile(at("e"), "");
    const source = await fileSource(at("e"));
    expect((await source.read(0, 0)).length).toBe(0);
    await expect(source.read(0, 1)).rejects.toMatchObject({ code: "truncated" });
    await source.close();
  });

  test("what cannot be opened", async () => {
    await mkdir(at("d"));
    await writeFile(at("f"), "");
    await symlink("loop", at("loop"));
    await expect(fileSource(at("missing"))).rejects.toMatchObject({
      code: "not-found",
      message: `${at("missing")} cannot be opened: it does not exist.`,
    });
    await expect(fileSource(at("d"))).rejects.toMatchObject({ code: "argument-invalid", message: expect.stringMatching(/is a folder/) });
    await expect(fileSource(at("f", "x"))).rejects.toMatchObject({ code: "argument-invalid", details: { systemCode: "ENOTDIR" } });
    await expect(fileSource(at("loop"))).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(fileSource("/dev/null")).rejects.toMatchObject({ code: "unsupported" });
  });

  test("a file that shrinks meanwhile", async () => {
    await writeFile(at("m"), content);
    const source = await fileSource(at("m"));
    await truncate(at("m"), 3000);
    expect((await source.read(0, 3000)).length).toBe(3000);
    await expect(source.read(2000, 2000)).rejects.toMatchObject({
      code: "source-changed",
      message: expect.stringMatching(/it had 5000 bytes and has 3000/),
    });
    await source.close();
  });

  test("closing, once and again, and reading after", async () => {
    await writeFile(at("m"), content);
    const source = await fileSource(at("m"));
    await source.close();
    await source.close();
    await expect(source.read(0, 1)).rejects.toMatchObject({ code: "closed" });
  });

  test("interruption", async () => {
    await writeFile(at("m"), content);
    const source = await fileSource(at("m"));
    await expect(source.read(0, 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    expect((await source.read(0, 1)).length).toBe(1);
    await source.close();
  });
});

describe("directoryFileSet", () => {
  test("finds files, also through links that leave the folder, as in Hugging Face's cache", async () => {
    await mkdir(at("blobs"));
    await mkdir(at("snapshot"));
    await mkdir(at("snapshot", "sub"));
    await writeFile(at("blobs", "0123"), content);
    await writeFile(at("snapshot", "config.json"), "{}");
    await symlink("../blobs/0123", at("snapshot", "model.safetensors"));
    await symlink("../blobs/missing", at("snapshot", "dangling"));
    await symlink("../blobs", at("snapshot", "folder-link"));
    const set = directoryFileSet(at("snapshot"));
    const source = await set.resolve("model.safetensors");
    expect(source).toMatchObject({ name: at("snapshot", "model.safetensors"), size: 5000 });
    await source?.close();
    for (const name of ["vocab.json", "dangling", "sub", "folder-link", "n".repeat(300)]) expect(await set.resolve(name)).toBeUndefined();
    expect((await set.list?.())?.toSorted()).toEqual(["config.json", "model.safetensors"]);
  });

  describe("names that were found in a file", () => {
    const named = async (fileName: string): Promise<unknown> => {
      const source = await directoryFileSet(at("d")).resolve(fileName, { namedIn: at("d", "index.json") });
      await source?.close();
      return source?.name;
    };
    beforeEach(async () => {
      await mkdir(at("d"));
      await mkdir(at("blobs"));
      await writeFile(at("secret"), "secret");
      await writeFile(at("d", "index.json"), "{}");
      await writeFile(at("d", "plain"), content);
    });

    test("lead to files of the folder, also by links within it, and of a folder that is a link itself", async () => {
      await symlink("plain", at("d", "link"));
      await symlink(at("d", "link"), at("d", "link-to-link"));
      for (const name of ["plain", "link", "link-to-link", "index.json"]) expect(await named(name)).toBe(at("d", name));
      expect(await named("missing")).toBeUndefined();
      await symlink("d", at("folder-link"));
      const source = await directoryFileSet(at("folder-link")).resolve("link", { namedIn: at("folder-link", "index.json") });
      expect(source?.size).toBe(5000);
      await source?.close();
    });

    test("do not lead out of it, neither at once nor by detours", async () => {
      await symlink("../secret", at("d", "relative"));
      await symlink(at("secret"), at("d", "absolute"));
      await symlink("relative", at("d", "detour"));
      await symlink("..", at("d", "up"));
      await symlink("up/secret", at("d", "through-a-folder"));
      await mkdir(at("d-other"));
      await writeFile(at("d-other", "x"), "");
      await symlink("../d-other/x", at("d", "begins-alike"));
      for (const name of ["relative", "absolute", "detour", "through-a-folder", "begins-alike"])
        await expect(named(name)).rejects.toMatchObject({
          code: "unsupported",
          message: expect.stringMatching(new RegExp(`index.json names the file .*/${name}, which is a link out of the folder, to /`)),
        });
      // Chosen by a person, they are followed.
      const source = await directoryFileSet(at("d")).resolve("relative");
      expect(source?.size).toBe(6);
      await source?.close();
    });

    test("may lead to the folder where the file that names them lies, as in Hugging Face's cache", async () => {
      await rename(at("d", "index.json"), at("blobs", "0123"));
      await rename(at("d", "plain"), at("blobs", "4567"));
      await symlink("../blobs/0123", at("d", "index.json"));
      await symlink("../blobs/4567", at("d", "shard"));
      expect(await named("shard")).toBe(at("d", "shard"));
      await symlink("../secret", at("d", "secret"));
      await expect(named("secret")).rejects.toMatchObject({ code: "unsupported" });
    });
  });

  test.each(["../secret", "..", ".", "", "sub/file", "/etc/passwd", "a\\b", "a\u0000"])("refuses %j", async (name) => {
    await writeFile(at("secret"), "");
    await expect(directoryFileSet(at("d")).resolve(name)).rejects.toMatchObject({ code: "unsupported" });
  });

  test("a folder that is none", async () => {
    await writeFile(at("f"), "");
    await expect(directoryFileSet(at("missing")).list?.()).rejects.toMatchObject({ code: "not-found" });
    await expect(directoryFileSet(at("f")).list?.()).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(directoryFileSet(at("f")).resolve("x")).rejects.toMatchObject({ code: "argument-invalid" });
  });
});

describe("system errors", () => {
  test.each([
    ["ENOENT", "not-found"],
    ["EACCES", "permission-denied"],
    ["EPERM", "permission-denied"],
    ["EROFS", "permission-denied"],
    ["ENOSPC", "disk-full"],
    ["EDQUOT", "disk-full"],
    ["EEXIST", "target-exists"],
    ["ENOTDIR", "argument-invalid"],
    ["EIO", "io-failed"],
    [undefined, "io-failed"],
  ])("%s is %s", (systemCode, code) => {
    const cause = Object.assign(new Error("low level"), { code: systemCode });
    expect(fileSystemError(cause, "/the/path", "written")).toMatchObject({
      code,
      cause,
      details: { path: "/the/path", systemCode },
      message: expect.stringMatching(/^\/the\/path cannot be written: /),
    });
  });

  test("real ones", async () => {
    const cause = await open(at("missing")).catch((error: unknown) => error);
    const error = fileSystemError(cause, "p", "opened");
    expect(fileSystemError(error, "other", "read")).toBe(error);
    expect(error.code).toBe("not-found");
  });
});
