import { expect, test } from "vitest";
import { PickleError } from "../errors.ts";
import { payload, dict } from "../builders.ts";
import type { PickleSource } from "../source.ts";
import { writePickle } from "../writing/write-pickle.ts";
import { readPickle } from "./read-pickle.ts";

/** A source that notes what is read from it. */
function watched(bytes: Uint8Array): PickleSource & { readonly reads: [offset: number, length: number][] } {
  const reads: [number, number][] = [];
  return {
    size: bytes.length,
    reads,
    async read(offset, length) {
      reads.push([offset, length]);
      return bytes.slice(offset, offset + length);
    },
  };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let length = 0;
  for (const part of parts) {
    bytes.set(part, length);
    length += part.length;
  }
  return bytes;
}

test("large payloads are skipped, and little is read behind them", async () => {
  const segments = writePickle(dict(Array.from({ length: 5 }, (_, index) => [index, payload(500_000, null)])), { protocol: 4 });
  const source = watched(join(segments.map((segment) => (segment instanceof Uint8Array ? segment : new Uint8Array(segment.byteLength)))));
  const { value, end } = await readPickle(source);
  expect(end).toBe(source.size);
  expect(value).toMatchObject({ kind: "dict", size: 5 });
  expect(source.reads.length).toBe(6);
  expect(source.reads.reduce((total, [, length]) => total + length, 0)).toBeLessThan(100_000);
});

test("reads that follow each other grow", async () => {
  const [bytes] = writePickle({ kind: "list", items: Array.from({ length: 300_000 }, (_, index) => index) }, { protocol: 2 });
  const source = watched(bytes as Uint8Array);
  await readPickle(source);
  expect(source.reads.map(([, length]) => length).slice(0, 4)).toEqual([65_536, 131_072, 262_144, 524_288]);
});

test("nothing outside of the range is read", async () => {
  const pickle = Uint8Array.of(0x80, 2, 0x4b, 7, 0x2e);
  const source = watched(join([new Uint8Array(10), pickle, new Uint8Array(10)]));
  expect(await readPickle(source, { offset: 10, end: 15 })).toMatchObject({ value: 7, protocol: 2, objects: [], end: 15 });
  expect(source.reads).toEqual([[10, 5]]);
  await expect(readPickle(source, { offset: 10, end: 14 })).rejects.toMatchObject({ code: "pickle-truncated", offset: 14 });
  expect(await readPickle(join([new Uint8Array(10), pickle]), { offset: 10 })).toMatchObject({
    value: 7,
    protocol: 2,
    objects: [],
    end: 15,
  });
});

test("bytes are copies, also of a Buffer", async () => {
  const buffer = Buffer.from([0x80, 4, 0x43, 3, 1, 2, 3, 0x2e]);
  for (const source of [buffer, { size: buffer.length, read: async () => buffer }]) {
    const { value } = await readPickle(source);
    buffer.fill(9, 4, 7);
    expect(value).toEqual({ kind: "bytes", byteLength: 3, data: Uint8Array.of(1, 2, 3), mutable: false });
    buffer.set([1, 2, 3], 4);
  }
});

test.each([
  ["an offset behind the end", { offset: 4 }],
  ["a negative offset", { offset: -1 }],
  ["half an offset", { offset: 0.5 }],
  ["an end behind the source's", { end: 4 }],
  ["an end before the offset", { offset: 2, end: 1 }],
])("%s is refused", async (_, options) => {
  await expect(readPickle(Uint8Array.of(0x80, 2, 0x2e), options)).rejects.toMatchObject({ name: "PickleError", code: "pickle-source" });
});

test.each<[string, PickleSource]>([
  ["returns too few bytes", { size: 10, read: async () => new Uint8Array(3) }],
  ["returns too many bytes", { size: 10, read: async () => new Uint8Array(30) }],
  ["has a size that is no number", { size: Number.NaN, read: async () => new Uint8Array(0) }],
  ["has a negative size", { size: -1, read: async () => new Uint8Array(0) }],
])("a source that %s is refused", async (_, source) => {
  await expect(readPickle(source)).rejects.toMatchObject({ name: "PickleError", code: "pickle-source" });
});

test("an error of the source passes through", async () => {
  const error = new Error("the disk is gone");
  await expect(readPickle({ size: 10, read: () => Promise.reject(error) })).rejects.toBe(error);
  expect(error).not.toBeInstanceOf(PickleError);
});
