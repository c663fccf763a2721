import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeTwosComplement, encodeTwosComplement, narrowInteger } from "./integers.ts";

test("an integer is encoded in as few bytes as hold it and its sign, and decoded again", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }), (value) => {
      const bytes = encodeTwosComplement(value);
      expect(BigInt(decodeTwosComplement(bytes))).toBe(value);
      const fewer = 2n ** BigInt(Math.max(bytes.length * 8 - 9, 0));
      expect(value === 0n ? bytes.length === 0 : bytes.length === 1 || value >= fewer || value < -fewer).toBe(true);
    }),
  );
});

test.each([
  [0n, []],
  [127n, [0x7f]],
  [128n, [0x80, 0]],
  [-128n, [0x80]],
  [-129n, [0x7f, 0xff]],
  [-1n, [0xff]],
])("%s is spelled as CPython spells it", (value, bytes) => {
  expect([...encodeTwosComplement(value)]).toEqual(bytes);
});

test("a number where it is exact, a bigint where it is not", () => {
  const largest = BigInt(Number.MAX_SAFE_INTEGER);
  expect([narrowInteger(largest), narrowInteger(largest + 1n), narrowInteger(-largest), narrowInteger(-largest - 1n)]).toEqual([
    Number.MAX_SAFE_INTEGER,
    2n ** 53n,
    -Number.MAX_SAFE_INTEGER,
    -(2n ** 53n),
  ]);
});
