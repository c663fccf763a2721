import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFloat, encodeFloat, narrowFloats } from "./float-format.ts";

const types = Object.entries(narrowFloats);

describe.each(types)("%s", (type, format) => {
  const size = 2 ** (1 + format.exponentBits + format.mantissaBits);
  const allBits = Array.from({ length: size }, (_, bits) => bits);

  test("every bit pattern that is a number survives decoding and encoding", () => {
    for (const bits of allBits) {
      const value = decodeFloat(format, bits);
      if (!Number.isNaN(value)) expect(encodeFloat(format, value)).toBe(bits);
    }
  });

  test("a number between two neighbours goes to the nearer one, and the middle to the even one", () => {
    const positive = allBits.slice(0, size / 2).filter((bits) => Number.isFinite(decodeFloat(format, bits)));
    for (const bits of positive.slice(0, -1)) {
      const [low, high] = [decodeFloat(format, bits), decodeFloat(format, bits + 1)];
      const middle = (low + high) / 2;
      expect(encodeFloat(format, middle)).toBe(bits % 2 === 0 ? bits : bits + 1);
      expect(encodeFloat(format, low + (high - low) * 0.49)).toBe(bits);
      expect(encodeFloat(format, low + (high - low) * 0.51)).toBe(bits + 1);
    }
  });

  test("encoding is odd: the sign is a bit of its own", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const [positive, negative] = [encodeFloat(format, Math.abs(value)), encodeFloat(format, -Math.abs(value))];
        expect(negative - positive).toBe(size / 2);
      }),
    );
  });

  test("NaN stays NaN", () => {
    expect(decodeFloat(format, encodeFloat(format, Number.NaN))).toBeNaN();
  });

  test(`${type}: beyond the largest number lies infinity, or NaN where there is none`, () => {
    const beyond = decodeFloat(format, encodeFloat(format, 1e300));
    if (format.infinities) expect(beyond).toBe(Number.POSITIVE_INFINITY);
    else expect(beyond).toBeNaN();
  });
});

test("values known from the formats' definitions", () => {
  expect(decodeFloat(narrowFloats.float16, 0x7bff)).toBe(65504);
  expect(decodeFloat(narrowFloats.float16, 0x0001)).toBe(2 ** -24);
  expect(decodeFloat(narrowFloats.bfloat16, 0x3f80)).toBe(1);
  expect(decodeFloat(narrowFloats.bfloat16, 0x7f7f)).toBe(3.3895313892515355e38);
  expect(decodeFloat(narrowFloats.float8_e4m3fn, 0x7e)).toBe(448);
  expect(decodeFloat(narrowFloats.float8_e4m3fn, 0x7f)).toBeNaN();
  expect(decodeFloat(narrowFloats.float8_e5m2, 0x7b)).toBe(57344);
});
