import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

// Any code units: most strings of these have lone surrogates.
const anyText = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff })), { maxLength: 60 })
  .map((codes) => String.fromCharCode(...codes));

test("any string is encoded and decoded again", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    }),
  );
});

test("well-formed text is UTF-8, short and long", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
    }),
  );
});

test("a byte order mark stays", () => {
  expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
});

test.each([
  ["a byte that begins nothing", [0xff]],
  ["a lone continuation", [0x61, 0x80]],
  ["a character cut off", [0xe2, 0x82]],
  ["an overlong spelling", [0xc0, 0x80]],
  ["a code point beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
  ["half a surrogate", [0xed, 0xa0]],
  ["a surrogate and a broken byte", [0xed, 0xa0, 0x80, 0xff]],
])("%s is malformed", (_, bytes) => {
  expect(decodeUtf8(Uint8Array.from(bytes))).toBeUndefined();
});
