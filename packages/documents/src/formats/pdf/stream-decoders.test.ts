import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { inflated, ofBase85, ofCodes, ofHexadecimal, type Pieces, unrolled } from "./stream-decoders.ts";

async function decoded(decode: (source: Pieces) => Pieces, bytes: Uint8Array): Promise<Buffer> {
  async function* byByte(): Pieces {
    for (const byte of bytes) yield Uint8Array.of(byte);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of decode(byByte())) pieces.push(piece);
  return Buffer.concat(pieces);
}

test("codes: the example of ISO 32000-1, 7.4.4.2", async () => {
  const found = await decoded((source) => ofCodes(source, 1), Buffer.from("800B6050220C0C8501", "hex"));
  expect([...found]).toEqual([45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
});

test.each([
  ["base 85, as Python's base64.a85encode", ofBase85, "9Q+f]F)YQ*z+ED%%A9\n/l-F=m~>rest", "Longspan\0\0\0\0 reads it."],
  ["base 85 that ends without its mark", ofBase85, "87cUR", "Hell"],
  ["hexadecimal", ofHexadecimal, "48 65\n6C6c6F7>00", "Hellop"],
])("%s", async (_what, decode, text, expected) => {
  expect((await decoded(decode, Buffer.from(text))).toString("latin1")).toBe(expected);
});

test("runs: ISO 32000-1, 7.4.5", async () => {
  const runs = Uint8Array.of(2, 97, 98, 99, 255, 120, 129, 121, 128, 5);
  expect((await decoded(unrolled, runs)).toString()).toBe(`abcxx${"y".repeat(128)}`);
});

test("deflated bytes that break off, and such as others follow", async () => {
  const words = Buffer.from("words ".repeat(10_000));
  const whole = deflateSync(words);
  expect((await decoded(inflated, Buffer.concat([whole, Buffer.from("\nmore")]))).length).toBe(words.length);
  expect((await decoded(inflated, whole.subarray(0, -8))).length).toBeGreaterThan(words.length / 2);
});
