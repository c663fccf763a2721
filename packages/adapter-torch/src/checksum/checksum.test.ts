import { assert, nat, property, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { crc32 as browserCrc32 } from "./checksum.browser.ts";
import { crc32 as nodeCrc32 } from "./checksum.node.ts";

test("the check value of the CRC catalogue", () => {
  const bytes = new TextEncoder().encode("123456789");
  expect(browserCrc32(bytes)).toBe(0xcb_f4_39_26);
  expect(nodeCrc32(bytes)).toBe(0xcb_f4_39_26);
  expect(browserCrc32(new Uint8Array())).toBe(0);
});

test("both forms agree for any bytes, cut anywhere", () => {
  assert(
    property(uint8Array({ maxLength: 300 }), nat(), (bytes, cut) => {
      const at = cut % (bytes.length + 1);
      const whole = nodeCrc32(bytes);
      expect(browserCrc32(bytes)).toBe(whole);
      expect(browserCrc32(bytes.subarray(at), browserCrc32(bytes.subarray(0, at)))).toBe(whole);
    }),
  );
});
