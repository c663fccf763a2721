import { describe as suite, expect, test } from "vitest";
import { readBytes, readText, streamBytes } from "./payload.ts";
import type { PickleObject, PickleValue } from "./values.ts";
import { asBytes } from "./views/as-bytes.ts";

const all = Uint8Array.from({ length: 256 }, (_, index) => index);
const latin1 = String.fromCharCode(...all);
const source = new TextEncoder().encode(latin1);

function call(module: string, name: string, ...args: PickleValue[]): PickleObject {
  return { kind: "object", made: "reduce", callable: { kind: "global", module, name }, args };
}

const inMemory: PickleValue = { kind: "bytes", byteLength: 256, data: all, mutable: false };
const spellings: [string, PickleValue][] = [
  ["bytes", inMemory],
  ["a string of Python 2", latin1],
  ["_codecs.encode", call("_codecs", "encode", latin1, "latin1")],
  ["builtins.bytearray of bytes", call("builtins", "bytearray", inMemory)],
  ["builtins.bytearray of text", call("builtins", "bytearray", latin1, "latin-1")],
  ["builtins.bytearray of _codecs.encode", call("builtins", "bytearray", call("_codecs", "encode", latin1, "latin1"))],
];

suite("bytes in every spelling", () => {
  test.each(spellings)("%s", async (_, value) => {
    expect(asBytes(value)).toEqual(all);
    expect(await readBytes(source, value)).toEqual(all);
  });

  test("none at all", async () => {
    expect(asBytes(call("builtins", "bytes"))).toEqual(new Uint8Array(0));
    expect(await readBytes(source, call("builtins", "bytearray"))).toEqual(new Uint8Array(0));
  });

  test.each([1, 2, 3, 100, 128, 129, 384, 1000])("text that was left in the source, %i bytes at a time", async (chunkBytes) => {
    const text: PickleValue = { kind: "text", offset: 0, byteLength: source.length };
    const value = call("_codecs", "encode", text, "latin1");
    expect(asBytes(value)).toBeUndefined();
    const chunks: number[] = [];
    for await (const chunk of streamBytes(source, value, chunkBytes)) chunks.push(...chunk);
    expect(chunks).toEqual([...all]);
  });

  test("bytes that were left in the source, a few at a time", async () => {
    const value: PickleValue = { kind: "bytes", byteLength: 5, offset: 10, mutable: false };
    expect(asBytes(value)).toBeUndefined();
    const chunks: number[][] = [];
    for await (const chunk of streamBytes(source, value, 2)) chunks.push([...chunk]);
    expect(chunks).toEqual([[10, 11], [12, 13], [14]]);
    expect(await readBytes(source, value)).toEqual(source.subarray(10, 15));
  });
});

suite("no bytes", () => {
  test.each<[string, PickleValue]>([
    ["None", null],
    ["a number", 5],
    ["another call", call("os", "urandom", 5)],
    ["another encoding", call("_codecs", "encode", "abc", "rot13")],
    ["bytearray of a number", call("builtins", "bytearray", 1_000_000_000)],
  ])("%s", async (_, value) => {
    expect(asBytes(value)).toBeUndefined();
    await expect(readBytes(source, value)).rejects.toMatchObject({ code: "pickle-type" });
  });

  test("text beyond U+00FF, in memory and in the source", async () => {
    expect(asBytes("\u0100")).toBeUndefined();
    await expect(readBytes(source, "\u0100")).rejects.toMatchObject({ code: "pickle-literal" });
    const beyond = new TextEncoder().encode("abc\u0100");
    await expect(readBytes(beyond, call("_codecs", "encode", { kind: "text", offset: 0, byteLength: 5 }, "latin1"))).rejects.toMatchObject({
      code: "pickle-literal",
      offset: 3,
    });
    await expect(
      readBytes(source, call("_codecs", "encode", { kind: "text", offset: 0, byteLength: 129 }, "latin1")),
    ).rejects.toMatchObject({ code: "pickle-literal" });
  });

  test("a place outside of the source", async () => {
    await expect(readBytes(source, { kind: "bytes", byteLength: 1000, offset: 0, mutable: false })).rejects.toMatchObject({
      code: "pickle-source",
    });
  });
});

suite("text", () => {
  test("is decoded from the source", async () => {
    expect(await readText(source, { kind: "text", offset: 0, byteLength: source.length })).toBe(latin1);
    expect(await readText(source, "as it is")).toBe("as it is");
  });

  test("must be UTF-8", async () => {
    await expect(readText(source, { kind: "text", offset: 129, byteLength: 10 })).rejects.toMatchObject({
      code: "pickle-literal",
      offset: 129,
    });
  });
});
