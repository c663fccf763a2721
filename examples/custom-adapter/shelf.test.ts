import { bytesSource, createConverter, memoryFileSet } from "@longspan/core";
import { testFormatAdapter } from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import shelf from "./shelf.ts";

// The conformance kit: every head and float type there and back, failing disks, interruptions, odd bytes.
testFormatAdapter({ describe, test, expect }, shelf);

test.each<[string, string, string, number]>([
  ["a header that is no JSON", "malformed", "{", 1],
  ["a header of something else", "malformed", '{"name":"x"}', 12],
  ["a negative dimension", "malformed", '[{"name":"x","dataType":"float32","shape":[-1]}]', 48],
  ["an unknown type", "malformed", '[{"name":"x","dataType":"float4","shape":[1]}]', 46],
  ["a tensor beyond the end", "truncated", '[{"name":"x","dataType":"float32","shape":[9]}]', 47],
  [
    "more elements than a number can count",
    "truncated",
    '[{"name":"x","dataType":"float32","shape":[9007199254740991,9007199254740991]}]',
    79,
  ],
  ["a header longer than the file", "truncated", "[]", 1000],
  ["a header longer than anyone needs", "limit-exceeded", "[]", 2 ** 32 - 1],
])("%s is refused as %s", async (_, code, header, length) => {
  const text = new TextEncoder().encode(header);
  const file = new Uint8Array(10 + text.byteLength);
  file.set(new TextEncoder().encode("SHELF1"));
  new DataView(file.buffer).setUint32(6, length, true);
  file.set(text, 10);
  const converter = createConverter({ adapters: [shelf()] });
  const files = {
    ...memoryFileSet("folder", {}),
    resolve: async (name: string) => (name === "x.shelf" ? bytesSource(file, name) : undefined),
  };
  await expect(converter.open({ files, fileName: "x.shelf" })).rejects.toMatchObject({ code });
});
