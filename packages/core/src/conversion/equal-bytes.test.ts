import fc from "fast-check";
import { expect, test } from "vitest";
import { equalBytes } from "./equal-bytes.ts";

/** The same bytes at an address that need not be a word's. */
function at(address: number, bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(bytes.length + address + 5).fill(0xaa);
  memory.set(bytes, address);
  return memory.subarray(address, address + bytes.length);
}

test("runs of bytes are the same where each byte is, wherever they lie", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(7), fc.nat(7), fc.nat(), (bytes, one, other, place) => {
      expect(equalBytes(at(one, bytes), at(other, bytes))).toBe(true);
      expect(equalBytes(at(one, bytes), at(other, Uint8Array.of(...bytes, 0)))).toBe(false);
      if (bytes.length === 0) return;
      const changed = bytes.with(place % bytes.length, (bytes[place % bytes.length] ?? 0) ^ 0x10);
      expect(equalBytes(at(one, bytes), at(other, changed))).toBe(false);
    }),
  );
});
