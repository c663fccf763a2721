import { bytesSource } from "@longspan/core/adapter";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { latin1Source } from "./latin1-source.ts";

const encode = (bytes: Uint8Array): Uint8Array => new TextEncoder().encode(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** Larger than two windows, with long runs of one-byte and of two-byte characters. */
function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index % 70_000 < 20_000 ? 0x7f : Math.imul(index, 2654435761) >>> 24));
}

function sourceOf(bytes: Uint8Array, size = bytes.length): ReturnType<typeof latin1Source> {
  const encoded = encode(bytes);
  // Between other bytes, as in a pickle.
  const whole = new Uint8Array([1, 2, 3, ...encoded, 0xff]);
  return latin1Source("weight", { source: bytesSource(whole), offset: 3, byteLength: encoded.length }, size, {});
}

describe("text that spells bytes", () => {
  test("decodes whatever ranges are asked for, in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 6 }),
        async (bytes, ranges) => {
          const source = sourceOf(bytes);
          for (const [from, count] of ranges) {
            const offset = from % (bytes.length + 1);
            const length = count % (bytes.length - offset + 1);
            expect([...(await source.read(offset, length))]).toEqual([...bytes.subarray(offset, offset + length)]);
          }
        },
      ),
    );
  });

  test("decodes across windows, from the end backwards, and many reads at once", async () => {
    const bytes = patterned(700_001);
    const source = sourceOf(bytes);
    const ranges = [
      [699_999, 2],
      [262_143, 2],
      [0, 700_001],
      [524_288, 1],
      [1, 600_000],
      [262_144, 262_144],
      [10, 0],
    ] as const;
    const results = await Promise.all(ranges.map(([offset, length]) => source.read(offset, length)));
    for (const [index, [offset, length]] of ranges.entries()) {
      expect(Buffer.compare(results[index] ?? new Uint8Array(1), bytes.subarray(offset, offset + length))).toBe(0);
    }
  });

  test("fills the caller's buffer", async () => {
    const bytes = patterned(300_000);
    const into = new Uint8Array(300_010);
    const found = await sourceOf(bytes).read(5, 299_990, { into });
    expect(found.buffer).toBe(into.buffer);
    expect(Buffer.compare(found, bytes.subarray(5, 299_995))).toBe(0);
  });

  test("is never read whole: at most two windows of text at a time", async () => {
    const encoded = encode(patterned(2_000_000));
    const asked: number[] = [];
    const counted = {
      ...bytesSource(encoded),
      read: async (offset: number, length: number) => (asked.push(length), encoded.subarray(offset, offset + length)),
    };
    await latin1Source("weight", { source: counted, offset: 0, byteLength: encoded.length }, 2_000_000, {}).read(1_999_000, 1000);
    expect(Math.max(...asked)).toBeLessThanOrEqual(2 * 256 * 1024);
  });
});

describe("text that does not", () => {
  const open = (text: string, size: number): ReturnType<typeof latin1Source> => {
    const encoded = new TextEncoder().encode(text);
    return latin1Source("weight", { source: bytesSource(encoded), offset: 0, byteLength: encoded.length }, size, {});
  };

  test.each([
    ["too short for its shape", "ab", 3],
    ["too long for its shape", "abcde", 2],
  ])("%s is refused at once", (_, text, size) => {
    expect(() => open(text, size)).toThrow(expect.objectContaining({ code: "tensor-invalid" }));
  });

  test.each([
    ["fewer characters than its shape asks for", "ÿÿ", 3],
    ["more characters than its shape asks for", "abc", 2],
    ["a character above U+00FF", "abĀ", 3],
    ["a character of three bytes", "a€", 3],
    ["a character of three bytes at its end", "aa€", 3],
    ["a byte order mark", "\u{feff}a", 3],
  ])("%s is refused when it is read", async (_, text, size) => {
    await expect(open(text, size).read(0, size)).rejects.toMatchObject({
      code: "tensor-invalid",
      message: expect.stringContaining('"weight"') as string,
    });
  });

  test("and a later read works again after one that failed", async () => {
    const bytes = patterned(300_000);
    let fails = true;
    const encoded = encode(bytes);
    const flaky = {
      ...bytesSource(encoded),
      read: async (offset: number, length: number) =>
        fails ? Promise.reject(new Error("gone")) : encoded.subarray(offset, offset + length),
    };
    const source = latin1Source("weight", { source: flaky, offset: 0, byteLength: encoded.length }, bytes.length, {});
    await expect(source.read(290_000, 10)).rejects.toThrow("gone");
    fails = false;
    expect([...(await source.read(290_000, 10))]).toEqual([...bytes.subarray(290_000, 290_010)]);
  });

  test.each([
    [-1, 1],
    [0, 4],
    [4, 1],
  ])("a read of %i, %i outside of it is refused", async (offset, length) => {
    await expect(open("abc", 3).read(offset, length)).rejects.toMatchObject({ code: "tensor-invalid" });
  });
});

test("characters of every number decode to it", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  expect([...(await sourceOf(bytes).read(0, 256))]).toEqual([...bytes]);
});
