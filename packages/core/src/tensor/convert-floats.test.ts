import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { floatConversion } from "./convert-floats.ts";
import type { DataType } from "./data-type.ts";
import { decodeFloat, encodeFloat, narrowFloats } from "./float-format.ts";

function convert(from: DataType, to: DataType, source: ArrayBufferView, targetBytes: number): { bytes: Uint8Array; overflows: number } {
  const bytes = new Uint8Array(targetBytes);
  const { overflows } = floatConversion(from, to)(new Uint8Array(source.buffer, source.byteOffset, source.byteLength), bytes);
  return { bytes, overflows };
}

describe("narrowing", () => {
  test.each(["bfloat16", "float16"] as const)("the quick way to %s agrees with the definition on every kind of number", (type) => {
    fc.assert(
      fc.property(fc.array(fc.float(), { maxLength: 64 }), (values) => {
        const source = Float32Array.from(values);
        const { bytes } = convert("float32", type, source, source.length * 2);
        expect([...new Uint16Array(bytes.buffer)]).toEqual([...source].map((value) => encodeFloat(narrowFloats[type], value)));
      }),
    );
  });

  test("the quick way to float16 agrees with the definition on every float16, on every middle of two, and beside them", () => {
    const bits = Uint32Array.from({ length: 0x7c00 }, (_, half) => half);
    const source = Float32Array.from(bits, (half) => decodeFloat(narrowFloats.float16, half));
    const middles = source.map((value, half) => (value + (source[half + 1] ?? 65536)) / 2);
    for (const exact of [source, middles]) {
      for (const step of [-1, 0, 1]) {
        const words = new Uint32Array(exact.buffer).map((word) => Math.max(0, word + step));
        const values = new Float32Array(words.buffer);
        const found = new Uint16Array(convert("float32", "float16", values, values.length * 2).bytes.buffer);
        const off = values.findIndex((value, index) => found[index] !== encodeFloat(narrowFloats.float16, value));
        expect(off).toBe(-1);
      }
    }
  });

  test("rounds once: a float64 just above the middle of two float16 goes up, though its float32 is the middle", () => {
    const middle = 1 + 2 ** -11;
    const source = Float64Array.of(middle + 2 ** -40);
    expect(new Uint16Array(convert("float64", "float16", source, 2).bytes.buffer)[0]).toBe(0x3c01);
    expect(new Uint16Array(convert("float64", "float16", Float64Array.of(middle), 2).bytes.buffer)[0]).toBe(0x3c00);
  });

  test("counts what overflowed: finite values, and infinities where the target has none", () => {
    expect(
      convert("float32", "float16", Float32Array.of(65504, 65519, 65520, -1e6, Number.POSITIVE_INFINITY, Number.NaN), 12).overflows,
    ).toBe(2);
    expect(convert("float32", "float8_e4m3fn", Float32Array.of(448, 464, 465, -1e9), 4).overflows).toBe(2);
    expect(convert("float64", "float32", Float64Array.of(1e39, 1e38), 8).overflows).toBe(1);
    const infinities = Float32Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN);
    expect(convert("float32", "float8_e4m3fn", infinities, 3).overflows).toBe(2);
    expect(convert("float32", "float8_e5m2", infinities, 3).overflows).toBe(0);
  });
});

describe("widening", () => {
  test.each(["float16", "bfloat16"] as const)("%s to float32 and back is the same bits", (type) => {
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const wide = convert(type, "float32", all, 65536 * 4).bytes;
    const back = new Uint16Array(convert("float32", type, wide, 65536 * 2).bytes.buffer);
    const values = new Float32Array(wide.buffer);
    for (const [index, bits] of all.entries()) if (!Number.isNaN(values[index])) expect(back[index]).toBe(bits);
  });
});

test("integers are not converted", () => {
  expect(() => floatConversion("int64", "float32")).toThrow("only float types");
});
