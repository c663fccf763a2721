import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ByteSource, createConverter, type Head, memoryFileSet } from "@longspan/core";
import { bytesSource, isTensor, isTreeMap, type OpenedContainer, type TreeValue } from "@longspan/core/adapter";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import flax from "./flax.ts";
import { flaxContainer } from "./flax-container.ts";

const converter = createConverter({ adapters: [flax()] });
const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));
const heads = ["model", "question-answering", "masked-lm", "sequence-classification", "token-classification", "multiple-choice"];
const folders = [...heads.map((head) => `heads/${head}`), "under-params", "chunked"];

interface Value {
  readonly head: string;
  readonly name: string;
  readonly offset: number;
  readonly byteLength: number;
}

describe.each(folders)("%s, written by flax", (folder) => {
  test("has the seeded weights, bit for bit, and nothing to warn of", async () => {
    const head = (folder.startsWith("heads/") ? folder.slice("heads/".length) : "question-answering") as Head;
    const checkpoint = await converter.open(`${fixtures}flax/${folder}`);
    const { problem, warnings, layout, container } = checkpoint;
    expect({ problem: problem?.message, warnings, head: checkpoint.head, layout, container }).toEqual({
      problem: undefined,
      warnings: [],
      head,
      layout: "flax",
      container: "flax-msgpack",
    });
    const seeded = readFileSync(`${fixtures}values/tiny-longformer.bin`);
    const values = JSON.parse(readFileSync(`${fixtures}values/tiny-longformer.json`, "utf8")) as readonly Value[];
    const weights = checkpoint.weights();
    for (const [name, tensor] of weights) {
      const value = values.find((one) => one.name === name && (one.head === head || one.head === "model"));
      expect.assert(value !== undefined, name);
      const wanted = seeded.subarray(value.offset, value.offset + value.byteLength);
      expect({ name, equal: Buffer.compare(await tensor.readBytes(0, tensor.byteLength), wanted) === 0 }).toEqual({ name, equal: true });
    }
    expect(weights.size).toBeGreaterThan(48);
    await checkpoint.close();
  });
});

test("a RoBERTa that transformers saved is known by its names; to be extended, not converted", async () => {
  const checkpoint = await converter.open(`${fixtures}flax/roberta`);
  expect(checkpoint.tensors.map(({ sourceName }) => sourceName)).toContain("roberta/encoder/layer/0/attention/self/query/kernel");
  expect(checkpoint.problem?.message).toContain("longspan extend");
  await checkpoint.close();
});

function openBytes(bytes: Uint8Array): Promise<OpenedContainer> {
  return flaxContainer().open({ source: bytesSource(bytes, "x.msgpack"), fileName: "x.msgpack", files: memoryFileSet("folder", {}) });
}

async function plain(value: TreeValue): Promise<unknown> {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (isTensor(value)) return [value.dataType, value.shape, Buffer.from(await value.readBytes(0, value.byteLength)).toString("hex")];
  if (value.kind === "opaque") return value.reason ?? value.className;
  if (value.kind !== "map") return Promise.all(value.items.map(plain));
  return Object.fromEntries(await Promise.all(value.entries.map(async ([key, item]) => [key, await plain(item)] as const)));
}

test("every kind of value that flax writes", async () => {
  const { root } = await openBytes(readFileSync(`${fixtures}flax/values.msgpack`));
  const expected = JSON.parse(readFileSync(`${fixtures}flax/values.json`, "utf8")) as { types: object; scalars: object };
  const types = { ...expected.types, complex64: "its type is complex64, which Longspan does not have." };
  expect(await plain(root)).toEqual({ ...expected, types, scalars: { ...expected.scalars, complex: "msgpack extension 2" } });
});

test("opening reads heads, not values", async () => {
  const megabytes = 16;
  const type = `9391ce0${(megabytes * 2 ** 20).toString(16)}${text("uint8")}c60${(megabytes * 2 ** 20).toString(16)}`;
  const head = Buffer.from(`81${text("w")}c90${(megabytes * 2 ** 20 + type.length / 2).toString(16)}01${type}`, "hex");
  const source = bytesSource(Buffer.concat([head, Buffer.alloc(megabytes * 2 ** 20, 7)]), "x.msgpack");
  let read = 0;
  const counting: ByteSource = {
    ...source,
    read(offset, length, options) {
      read += length;
      return source.read(offset, length, options);
    },
  };
  const { root } = await flaxContainer().open({ source: counting, fileName: "x.msgpack", files: memoryFileSet("folder", {}) });
  const tensor = isTreeMap(root) ? root.get("w") : undefined;
  expect.assert(isTensor(tensor));
  expect(tensor.shape).toEqual([megabytes * 2 ** 20]);
  expect(read).toBeLessThan(20_000);
  expect([...(await tensor.readBytes(megabytes * 2 ** 20 - 2, 2))]).toEqual([7, 7]);
});

const array = (shape: string, type: string, bytes: string): string => {
  const inner = `93${shape}${text(type)}c4${byte(bytes.length / 2)}${bytes}`;
  return `c7${byte(inner.length / 2)}01${inner}`;
};
const byte = (value: number): string => value.toString(16).padStart(2, "0");
const text = (value: string): string => byte(0xa0 + value.length) + Buffer.from(value).toString("hex");

test.each<[string, string, string]>([
  ["a file that ends", "truncated", `81${text("w")}${array("9102", "float32", "0000000000000000").slice(0, -2)}`],
  ["a map of four billion entries", "truncated", "dfffffffff"],
  ["a text of four gigabytes", "limit-exceeded", `81${text("w")}dbffffffff`],
  ["an array of four gigabytes", "malformed", `81${text("w")}c9ffffffff01939102${text("float32")}c400`],
  ["bytes that are not the shape's", "malformed", `81${text("w")}${array("9103", "float32", "0000000000000000")}`],
  ["a negative size", "malformed", `81${text("w")}${array("91ff", "float32", "00000000")}`],
  ["a size that is a text", "malformed", `81${text("w")}${array("91a0", "float32", "00000000")}`],
  ["an array of two parts", "malformed", `81${text("w")}c70a0192${text("float32")}c400c0c0`],
  ["a key that is a number", "malformed", "810101"],
  ["a byte that begins nothing", "malformed", `81${text("w")}c1`],
  [
    "chunks without a shape",
    "malformed",
    `81${text("w")}82b9${Buffer.from("__msgpack_chunked_array__").toString("hex")}c3a6${Buffer.from("chunks").toString("hex")}80`,
  ],
  ["maps in each other", "malformed", "81a161".repeat(5000)],
])("%s: refused as %s", async (_, code, hex) => {
  const outcome = openBytes(Buffer.from(hex, "hex"));
  await expect(outcome).rejects.toMatchObject({ code, message: expect.stringContaining("x.msgpack") as string });
});

test("any byte changed: read, or refused by a known error", async () => {
  const whole = readFileSync(`${fixtures}flax/values.msgpack`);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (position, value) => {
      const bytes = Uint8Array.from(whole);
      bytes[position] = value;
      await openBytes(bytes).then(
        ({ root }) => plain(root),
        (error: unknown) =>
          expect(error).toMatchObject({ code: expect.stringMatching(/^(truncated|malformed|limit-exceeded|tensor-invalid)$/) as string }),
      );
    }),
    { numRuns: 500 },
  );
});
