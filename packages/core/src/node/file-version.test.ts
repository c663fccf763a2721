import { type FileHandle, chmod, mkdtemp, open, readFile, realpath, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAsBlob } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { blobSource } from "../bytes/blob-source.ts";
import { fileSource } from "./file-source.ts";
import { settledVersion } from "./file-version.ts";

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
});

test("a Blob of a file that was changed", async () => {
  const source = blobSource(await openAsBlob(at("m")), "m");
  await unchanged(source);
  await new Promise((resume) => setTimeout(resume, 20));
  await writeFile(at("m"), "two version");
  await expect(unchanged(source)).rejects.toMatchObject({ code: "source-changed", message: expect.stringContaining("Choose it again") });
  await expect(source.read(0, 3)).rejects.toMatchObject({ code: "source-changed" });
});

describe("a file that was changed a moment ago", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Milliseconds until its version is known. */
  async function waited(size: number, age: number): Promise<number> {
    vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.005Z") });
    const began = Date.now();
    const changed = BigInt(began - age) * 1_000_000n;
    const stats = { dev: 1n, ino: 2n, size: BigInt(size), mtimeNs: changed, ctimeNs: changed };
    const handle = { stat: async () => stats } as unknown as FileHandle;
    const settling = settledVersion(handle, "m").then(() => Date.now() - began);
    await vi.advanceTimersByTimeAsync(60_000);
    return settling;
  }

  test("is looked at again when the clock has gone on and one call to write has ended, however large", async () => {
    expect(await waited(100, 0)).toBe(20);
    expect(await waited(100, 15)).toBe(5);
    expect(await waited(100, 30)).toBe(0);
    expect(await waited(600_000_000, 1000)).toBe(2020);
    expect(await waited(2 ** 40, 0)).toBe(10_757);
    expect(await waited(2 ** 40, 11_000)).toBe(0);
    // A time ahead of ours: another machine's clock.
    expect(await waited(2 ** 40, -1000)).toBe(0);
  });

  test("is refused where it is written on and on", async () => {
    let writes = 0;
    const changed = async (): Promise<object> => {
      const at = BigInt(Date.now()) * 1_000_000n + BigInt(++writes);
      return { dev: 1n, ino: 2n, size: BigInt(writes), mtimeNs: at, ctimeNs: at };
    };
    await expect(settledVersion({ stat: changed } as unknown as FileHandle, "m")).rejects.toMatchObject({
      code: "source-changed",
      message: expect.stringContaining("being written"),
    });
    expect(writes).toBe(4);
  });

  test("waits longer where the file system notes whole seconds", async () => {
    expect(await waited(100, 5)).toBe(1995);
  });
});
