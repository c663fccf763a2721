import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blobSource } from "./blob-source.ts";
import type { ByteSource } from "./byte-source.ts";
import { bytesSource } from "./bytes-source.ts";
import { concatenatedSource } from "./concatenated-source.ts";
import { checkFileName } from "./file-name.ts";
import { filesFileSet } from "./files-file-set.ts";
import { memoryFileSet } from "./memory-file-set.ts";

const content = Uint8Array.from({ length: 300 }, (_, index) => (index * 7) % 251);

function concatenated(): ByteSource {
  const source = bytesSource(content, "all");
  return concatenatedSource("parts", [
    { source, offset: 0, byteLength: 100 },
    { source, offset: 100, byteLength: 0 },
    { source, offset: 100, byteLength: 1 },
    { source, offset: 101, byteLength: 199 },
  ]);
}

describe.each([
  ["bytesSource", () => bytesSource(content, "the name")],
  ["blobSource", () => blobSource(new Blob([content.slice(0, 70), content.slice(70)]), "the name")],
  ["concatenatedSource", concatenated],
])("%s", (_name, open) => {
  test("gives every range", async () => {
    const source = open();
    expect(source.size).toBe(300);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 300 }), fc.nat({ max: 300 }), fc.boolean(), async (one, other, lend) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const options = lend ? { into: new Uint8Array(400) } : {};
        expect(new Uint8Array(await source.read(from, to - from, options))).toEqual(content.slice(from, to));
      }),
    );
    await source.close();
  });

  test("refuses what lies outside", async () => {
    const source = open();
    await expect(source.read(0, 301)).rejects.toMatchObject({ code: "truncated", details: { offset: 0, length: 301, size: 300 } });
    await expect(source.read(300, 1)).rejects.toMatchObject({ code: "truncated" });
    await expect(source.read(2 ** 53 - 1, 1)).rejects.toMatchObject({ code: "truncated" });
    await expect(source.read(-1, 1)).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(source.read(0, 0.5)).rejects.toMatchObject({ code: "argument-invalid" });
    await expect(source.read(Number.NaN, 1)).rejects.toMatchObject({ code: "argument-invalid" });
  });
});

describe("blobSource", () => {
  test("takes the name of a File", () => {
    expect(blobSource(new File([content], "model.bin")).name).toBe("model.bin");
    expect(blobSource(new Blob([content])).name).toBe("blob");
  });

  test("says when the file behind it is gone", async () => {
    const gone = new Blob([content]);
    gone.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError")) }) as Blob;
    await expect(blobSource(gone, "lost.bin").read(0, 4)).rejects.toMatchObject({
      code: "source-changed",
      message: expect.stringContaining("lost.bin"),
    });
    gone.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException("a bad sector", "DataError")) }) as Blob;
    await expect(blobSource(gone, "lost.bin").read(0, 4)).rejects.toMatchObject({ code: "io-failed" });
    gone.slice = () => new Blob([content.slice(0, 3)]);
    await expect(blobSource(gone, "lost.bin").read(0, 4)).rejects.toMatchObject({ code: "source-changed" });
  });

  test("ends when told to", async () => {
    const source = blobSource(new Blob([content]), "b");
    await expect(source.read(0, 1, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toMatchObject({
      code: "aborted",
      cause: expect.objectContaining({ message: "enough" }),
    });
    await source.close();
    await expect(source.read(0, 1)).rejects.toMatchObject({ code: "closed" });
  });
});

test("concatenatedSource reads only the parts it needs, and closes none", async () => {
  const reads: string[] = [];
  const part = (name: string): ByteSource => ({
    ...bytesSource(content.slice(0, 10), name),
    read: async (offset, length) => {
      reads.push(`${name} ${offset}+${length}`);
      return content.slice(offset, offset + length);
    },
    close: () => Promise.reject(new Error("must not be closed")),
  });
  const [first, second, third] = [part("a"), part("b"), part("c")];
  const source = concatenatedSource("abc", [
    { source: first, offset: 2, byteLength: 5 },
    { source: second, offset: 0, byteLength: 5 },
    { source: third, offset: 1, byteLength: 5 },
  ]);
  expect(source.size).toBe(15);
  await source.read(3, 4);
  await source.read(5, 5);
  await source.close();
  expect(reads).toEqual(["a 5+2", "b 0+2", "b 0+5"]);
});

describe("file sets", () => {
  function chosen(name: string, text: string, relativePath = ""): File {
    const file = new File([text], name);
    Object.defineProperty(file, "webkitRelativePath", { value: relativePath });
    return file;
  }
  const textOf = async (source: ByteSource | undefined): Promise<string | undefined> =>
    source === undefined ? undefined : new TextDecoder().decode(await source.read(0, source.size));

  test("memoryFileSet finds by name", async () => {
    const bytes = new TextEncoder().encode("hello");
    for (const set of [memoryFileSet("m", { "a.json": bytes }), memoryFileSet("m", new Map([["a.json", bytes]]))]) {
      expect(await textOf(await set.resolve("a.json"))).toBe("hello");
      expect(await set.resolve("toString")).toBeUndefined();
      expect(await set.list?.()).toEqual(["a.json"]);
    }
  });

  test("filesFileSet finds what was chosen", async () => {
    const set = filesFileSet([chosen("a.json", "A"), chosen("b.bin", "B")], "drop");
    expect(await textOf(await set.resolve("b.bin"))).toBe("B");
    expect(await set.resolve("c")).toBeUndefined();
    expect(await set.list?.()).toEqual(["a.json", "b.bin"]);
    await expect(set.resolve("../a.json")).rejects.toMatchObject({ code: "unsupported" });
    expect(await filesFileSet([]).list?.()).toEqual([]);
  });

  test("filesFileSet takes the outermost files of a folder", async () => {
    const set = filesFileSet([
      chosen("config.json", "inner", "model/old/config.json"),
      chosen("config.json", "outer", "model/config.json"),
      chosen("weights", "inner only", "model/old/weights"),
    ]);
    expect(await textOf(await set.resolve("config.json"))).toBe("outer");
    expect(await set.list?.()).toEqual(["config.json"]);
  });

  test("filesFileSet refuses two of one name", () => {
    expect(() => filesFileSet([chosen("a", "1"), chosen("a", "2")])).toThrow(expect.objectContaining({ code: "argument-invalid" }));
  });
});

describe("file names", () => {
  test.each(["model.safetensors", "..model", "a b", "-", "模型", "%2e%2e", ".hidden"])("%j is one", (name) => {
    expect(() => checkFileName(name, "folder")).not.toThrow();
  });

  test.each(["", ".", "..", "a/b", "/a", "../a", "a\\b", "C:a", "https://a", "a\u0000", "a\nb"])("%j is none", (name) => {
    expect(() => checkFileName(name, "folder")).toThrow(
      expect.objectContaining({ code: "unsupported", details: { folder: "folder", fileName: name } }),
    );
  });
});
