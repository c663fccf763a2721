import { chmod, mkdtemp, open, readFile, realpath, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAsBlob } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { blobSource } from "../bytes/blob-source.ts";
import { fileSource } from "./file-source.ts";

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "longspan-test-")));
  await writeFile(at("m"), "one version");
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const unchanged = (source: { checkUnchanged?: () => Promise<void> }): Promise<void> =>
  source.checkUnchanged?.() ?? Promise.reject(new Error("it cannot tell"));

describe("fileSource", () => {
  test("reading it, opening it again and looking at it change nothing", async () => {
    const source = await fileSource(at("m"));
    await source.read(0, 11);
    await readFile(at("m"));
    await unchanged(source);
    await source.close();
    await unchanged(source);
  });

  test("a write right after the opening is seen, however coarse the clock", async () => {
    for (let time = 0; time < 20; time++) {
      await writeFile(at("m"), `version ${String(time).padStart(3)}`);
      const source = await fileSource(at("m"));
      const handle = await open(at("m"), "r+");
      await handle.write("V", 0);
      await handle.close();
      await expect(unchanged(source)).rejects.toMatchObject({ code: "source-changed" });
      await source.close();
    }
  });

  test("also of a closed source, by its absolute path", async () => {
    const before = process.cwd();
    process.chdir(folder);
    const source = await fileSource("m");
    process.chdir(before);
    await source.close();
    await unchanged(source);
    await rm(at("m"));
    await expect(unchanged(source)).rejects.toMatchObject({
      message: expect.stringMatching(/^m was changed while it was read: it was moved/),
    });
  });

  test("a link that leads elsewhere by then", async () => {
    await writeFile(at("n"), "one version");
    await symlink("m", at("link"));
    const source = await fileSource(at("link"));
    await symlink("n", at("other"));
    await rename(at("other"), at("link"));
    await expect(unchanged(source)).rejects.toMatchObject({ message: expect.stringContaining("another file has taken its place") });
    await source.close();
  });

  test("says what it was", async () => {
    const told = async (change: () => Promise<void>): Promise<unknown> => {
      const source = await fileSource(at("m"));
      await change();
      const error: unknown = await unchanged(source).catch((thrown: unknown) => thrown);
      await source.close();
      return error;
    };
    expect(await told(() => writeFile(at("m"), "another version"))).toMatchObject({
      message: expect.stringContaining("11 bytes and has 15"),
    });
    expect(await told(() => utimes(at("m"), 1, new Date("2020-02-02")))).toMatchObject({
      message: expect.stringContaining("written at 2020-02-02T00:00:00.000Z"),
    });
    expect(await told(() => chmod(at("m"), 0o600))).toMatchObject({ message: expect.stringContaining("what the system notes of it") });
  });

  test("a file that is written on and on is not opened", async () => {
    const handle = await open(at("m"), "w");
    const stop = new AbortController();
    const writer = (async () => {
      while (!stop.signal.aborted) {
        await handle.write("x");
        await new Promise((resume) => setTimeout(resume, 1));
      }
    })();
    await expect(fileSource(at("m"))).rejects.toMatchObject({ code: "source-changed", message: expect.stringContaining("being written") });
    stop.abort();
    await writer;
    await handle.close();
  });
});

test("a Blob of a file that was changed", async () => {
  const source = blobSource(await openAsBlob(at("m")), "m");
  await unchanged(source);
  await new Promise((resume) => setTimeout(resume, 20));
  await writeFile(at("m"), "two version");
  await expect(unchanged(source)).rejects.toMatchObject({ code: "source-changed", message: expect.stringContaining("Choose it again") });
  await expect(source.read(0, 3)).rejects.toMatchObject({ code: "source-changed" });
});
