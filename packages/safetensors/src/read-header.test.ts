import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bitsPerElement, safetensorsDataTypes } from "./data-types.ts";
import { planSafetensors } from "./plan-file.ts";
import { looksLikeSafetensors, readSafetensorsHeader } from "./read-header.ts";
import { SafetensorsError } from "./safetensors-error.ts";
import type { SafetensorsSource } from "./safetensors-file.ts";

function file(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function source(bytes: Uint8Array): SafetensorsSource {
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.slice(offset, offset + length),
  };
}

async function failure(from: Uint8Array | SafetensorsSource, options = {}): Promise<SafetensorsError> {
  const error = await readSafetensorsHeader("read" in from ? from : source(from), options).catch((reason: unknown) => reason);
  if (error instanceof SafetensorsError) return error;
  throw new Error(`expected a SafetensorsError, found ${String(error)}`);
}

const entry = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';

describe("errors say what is wrong and where", () => {
  test.each([
    ["duplicate", file(`{"a":${entry},"a":${entry}}`, 4), { code: "duplicate-key", tensor: "a", offset: 62 }, /"a" twice/],
    ["bracket", file("[]"), { code: "malformed", offset: 8 }, /has "\[" where an object/],
    ["control", file('{"a\u0000'), { code: "malformed", offset: 11 }, /control character/],
    ["cut in a string", file('{"abc'), { code: "malformed", offset: 13 }, /ends inside a string/],
    ["cut in an escape", file('{"abc\\'), { code: "malformed", offset: 14 }, /ends inside a string/],
    ["text after", file("{}x"), { code: "malformed", offset: 10 }, /"x" where nothing/],
    ["byte after", file("{}\u0000"), { code: "malformed", offset: 10 }, /byte 0x00 where nothing/],
    ["dtype", file('{"a":{"dtype":"F7"'), { code: "data-type-unknown", tensor: "a" }, /"F7"; known are BOOL, F4/],
    [
      "large number",
      file('{"a":{"shape":[9007199254740992'),
      { code: "malformed", tensor: "a", offset: 23 },
      /9007199254740992 .*2\^53 - 1/,
    ],
    ["negative", file('{"a":{"shape":[-12'), { code: "malformed", tensor: "a" }, /-12 .* integers/],
    ["exponent", file('{"a":{"shape":[1e3'), { code: "malformed", tensor: "a" }, /1e3 .* plain digits/],
    ["missing", file('{"a":{"shape":[1],"dtype":"F32"}}'), { code: "malformed", tensor: "a", offset: 9 }, /lacks data_offsets/],
    ["metadata", file('{"__metadata__":{"a":1}}'), { code: "malformed", tensor: "__metadata__" }, /text only/],
    ["reversed", file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', 4), { code: "tensor-invalid", tensor: "a" }, /\[4, 0\]/],
    [
      "size",
      file('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,4]}}', 4),
      { code: "tensor-invalid", tensor: "a" },
      /\[3\] of F32 takes 12 bytes.* hold 4/,
    ],
    ["half byte", file('{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}', 2), { code: "tensor-invalid", tensor: "a" }, /whole bytes/],
    [
      "gap",
      file(`{"a":${entry},"b":{"dtype":"U8","shape":[1],"data_offsets":[7,8]}}`, 8),
      { code: "tensor-invalid", tensor: "b" },
      /gap of 3 bytes after the tensor "a"/,
    ],
    [
      "overlap",
      file(`{"a":${entry},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 4),
      { code: "tensor-invalid", tensor: "b" },
      /overlap those of the tensor "a"/,
    ],
    ["beyond", file(`{"a":${entry}}`, 3), { code: "truncated", tensor: "a", offset: 65 }, /Copy or download it again/],
    ["trailing", file(`{"a":${entry}}`, 6), { code: "trailing-data", offset: 66 }, /2 bytes after its last tensor/],
    ["header cut", file("{}", 0, 3n), { code: "truncated", offset: 10 }, /claims 3 bytes/],
    ["depth", file(`{"a":{"x":${"[".repeat(126)}`), { code: "limit-exceeded", tensor: undefined }, /127 containers/],
  ])("%s", async (_name, bytes, fields, message) => {
    const error = await failure(bytes);
    expect(error).toMatchObject(fields);
    expect(error.message).toMatch(message);
    expect(error.name).toBe("SafetensorsError");
  });

  test.each([
    ["version https://git-lfs.github.com/spec/v1\n", /git lfs pull/],
    ["<!DOCTYPE html>", /HTML page/],
    ["<html><head>", /HTML page/],
    ["\u001f\u008b\u0008\u0000\u0000\u0000\u0000\u0001", /gzip/],
    ['{"metadata":{}}', /JSON text/],
    ["\u0080\u0002\u008a\u000al\u00fc\u009cF", /pickle/],
    ["something else", /not a safetensors file/],
  ])("%j in place of the file", async (text, message) => {
    const error = await failure(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    expect(error).toMatchObject({ code: "limit-exceeded", offset: 0 });
    expect(error.message).toMatch(message);
  });

  test("names in messages are escaped and cut", async () => {
    const { message } = await failure(file(`{"${"n".repeat(5000)}\\n":1}`));
    expect(message.length).toBeLessThan(300);
    expect((await failure(file('{"\\u001b[31m":1}'))).message).toContain("\\u001b[31m");
  });
});

describe("limits", () => {
  test("no more is read than the header's length, and nothing where that is a lie", async () => {
    const reads: (readonly [number, number])[] = [];
    const claimed = (length: bigint, size: number): SafetensorsSource => ({
      size,
      read: async (offset, count) => {
        reads.push([offset, count]);
        return file("{}", count, length).slice(offset, offset + count);
      },
    });
    expect(await failure(claimed(100_000_001n, 2 ** 40))).toMatchObject({ code: "limit-exceeded" });
    expect(await failure(claimed(2n ** 64n - 1n, 2 ** 40))).toMatchObject({
      code: "limit-exceeded",
    });
    expect(await failure(claimed(99_999_999n, 1000))).toMatchObject({ code: "truncated" });
    expect(reads.every(([offset, length]) => offset === 0 && length === 16)).toBe(true);
  });

  test("can be lowered and raised", async () => {
    const two = file(`{"a":${entry},"b":{"dtype":"U8","shape":[1,1,1],"data_offsets":[4,5]}}`, 5);
    expect((await readSafetensorsHeader(source(two))).tensors.length).toBe(2);
    expect(await failure(two, { limits: { tensors: 1 } })).toMatchObject({
      code: "limit-exceeded",
      tensor: "b",
    });
    expect(await failure(two, { limits: { dimensions: 2 } })).toMatchObject({
      code: "limit-exceeded",
      tensor: "b",
    });
    expect(await failure(two, { limits: { headerBytes: 100 } })).toMatchObject({
      code: "limit-exceeded",
    });
    const ones = file(`{"a":{"dtype":"U8","shape":[${"1,".repeat(1_000_000)}1],"data_offsets":[0,1]}}`, 1);
    expect(await failure(ones)).toMatchObject({ code: "limit-exceeded", tensor: "a" });
    const { tensors } = await readSafetensorsHeader(source(ones), {
      limits: { dimensions: Number.POSITIVE_INFINITY },
    });
    expect(tensors[0]?.shape.length).toBe(1_000_001);
  });

  test("a header of the largest size that only opens arrays ends at once", async () => {
    const bytes = file(new Uint8Array(100_000_000).fill(0x5b));
    expect(await failure(bytes)).toMatchObject({ code: "malformed", offset: 8 });
    bytes.set(new TextEncoder().encode('{"a":{"x":'), 8);
    expect(await failure(bytes)).toMatchObject({ code: "limit-exceeded", offset: 8 + 10 + 125 });
  });

  test("30,000 empty tensors", async () => {
    const many = Array.from({ length: 30_000 }, (_, index) => ({
      name: `t${index}`,
      dataType: "F32" as const,
      shape: [0],
    }));
    const { header } = planSafetensors(many);
    const { tensors } = await readSafetensorsHeader(source(header));
    expect(tensors.length).toBe(30_000);
    expect(tensors[22_222]?.byteLength).toBe(0);
  });
});

describe("sources", () => {
  test("what a source throws comes through", async () => {
    const broken = { size: 100, read: () => Promise.reject(new RangeError("gone")) };
    await expect(readSafetensorsHeader(broken)).rejects.toThrow(new RangeError("gone"));
  });

  test("a source that gives too little is not believed", async () => {
    const bytes = file(`{"a":${entry}}`, 4);
    const short = {
      size: bytes.length,
      read: async (offset: number, length: number) => bytes.slice(offset, offset + Math.min(length, 16)),
    };
    expect(await failure(short)).toMatchObject({ code: "truncated", offset: 8 });
  });
});

describe("looksLikeSafetensors", () => {
  test.each([
    ["zip", [0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0, 0, 0, 0]],
    ["zip with method 8", [0x50, 0x4b, 3, 4, 20, 0, 8, 8, 8, 0, 0x7b, 0x22, 0, 0, 0, 0]],
    ["pickle", [0x80, 2, 0x7d, 0x71, 0, 0, 0, 0, 0x7b, 0x22]],
    ["HTML", [...Buffer.from('<!DOCTYPE html><html lang="en">')]],
    ["JSON", [...Buffer.from('{"metadata":{"total_size":1}}')]],
    ["zeros", Array.from({ length: 64 }, () => 0)],
    ["no key", [8, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x31, 0x7d]],
    ["an array", [2, 0, 0, 0, 0, 0, 0, 0, 0x5b, 0x5d]],
    ["length 1", [1, 0, 0, 0, 0, 0, 0, 0, 0x7b]],
    ["too short", [2, 0, 0, 0, 0, 0, 0, 0]],
    ["nothing", []],
  ])("is not true of %s", (_name, head) => {
    expect(looksLikeSafetensors(Uint8Array.from(head), 2 ** 32)).toBe(false);
  });

  test("asks for a length that fits", () => {
    expect(looksLikeSafetensors(file("{}"), 10)).toBe(true);
    expect(looksLikeSafetensors(file("{}"), 9)).toBe(false);
    expect(looksLikeSafetensors(file("{}", 0, 100_000_000n), 2 ** 40)).toBe(true);
    expect(looksLikeSafetensors(file("{}", 0, 100_000_001n), 2 ** 40)).toBe(false);
    expect(looksLikeSafetensors(file('\n {\t"a"').subarray(0, 11), 15)).toBe(true);
  });
});

const names = fc
  .oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.string({ maxLength: 12 }))
  .filter((name) => name !== "__metadata__");
const declarations = fc
  .uniqueArray(
    fc.record({
      name: names,
      dataType: fc.constantFrom(...safetensorsDataTypes),
      shape: fc.array(fc.nat({ max: 5 }), { maxLength: 4 }),
    }),
    { selector: ({ name }) => name, maxLength: 12 },
  )
  // Elements of less than a byte come in fours here, so that they fill bytes.
  .map((tensors) => tensors.map((tensor) => (bitsPerElement(tensor.dataType) < 8 ? { ...tensor, shape: [...tensor.shape, 4] } : tensor)));
const metadata = fc.option(
  fc
    .uniqueArray(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), {
      selector: ([key]) => key,
      maxLength: 4,
    })
    .map((pairs) => new Map(pairs)),
  { nil: undefined },
);

describe("properties", () => {
  test("what is planned is read back", async () => {
    await fc.assert(
      fc.asyncProperty(declarations, metadata, async (tensors, text) => {
        const plan = planSafetensors(tensors, text === undefined ? {} : { metadata: text });
        const bytes = new Uint8Array(plan.byteLength);
        bytes.set(plan.header);
        const header = await readSafetensorsHeader(source(bytes));
        expect(header.metadata === undefined ? undefined : [...header.metadata]).toEqual(text === undefined ? undefined : [...text]);
        expect(header.tensors).toEqual(plan.tensors);
        expect(header.dataOffset).toBe(plan.header.length);
        const byName = new Map(header.tensors.map(({ name, dataType, shape }) => [name, { name, dataType, shape }]));
        expect(byName).toEqual(new Map(tensors.map((tensor) => [tensor.name, tensor])));
      }),
    );
  });

  test("a changed file is read or refused with a SafetensorsError, never anything else", async () => {
    await fc.assert(
      fc.asyncProperty(
        declarations,
        metadata,
        fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(...Buffer.from('{}[]",:\\u0e-.')), fc.nat({ max: 255 }))), {
          minLength: 1,
          maxLength: 4,
        }),
        async (tensors, text, changes) => {
          const plan = planSafetensors(tensors, text === undefined ? {} : { metadata: text });
          const bytes = new Uint8Array(plan.byteLength);
          bytes.set(plan.header);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          try {
            const { tensors: found, dataOffset } = await readSafetensorsHeader(source(bytes));
            let position = dataOffset;
            for (const { offset, byteLength } of found) {
              expect(offset).toBe(position);
              position += byteLength;
            }
            expect(position).toBe(bytes.length);
          } catch (error) {
            if (!(error instanceof SafetensorsError)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
