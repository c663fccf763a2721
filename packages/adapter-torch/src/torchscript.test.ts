import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { type Checkpoint, type LazyTensor, memoryFileSet, openCheckpoint } from "@longspan/core";
import { describe, expect, test } from "vitest";
import { buildZip } from "../test/build-zip.ts";
import { expectedBytes, expectedOf, fixtureFiles, fixturesFolder } from "../test/fixture.ts";
import type { ExpectedTensor } from "../test/fixture.ts";
import { torch } from "./torch.ts";

const adapters = [torch()];
const suffix = ".expected.json";
const fixtures = readdirSync(`${fixturesFolder}/torchscript`, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(suffix))
  .map((path) => `torchscript/${path.slice(0, -suffix.length)}`)
  .toSorted();

const refusedFiles = fixtures.filter((fixture) => expectedOf(fixture).refused !== undefined);
const readFiles = fixtures.filter((fixture) => !refusedFiles.includes(fixture));
const models = readFiles.filter((fixture) => expectedOf(fixture).head !== null);

async function open(fixture: string): Promise<Checkpoint> {
  return openCheckpoint({ files: fixtureFiles(fixture), fileName: basename(fixture) }, { adapters });
}

async function found(tensor: LazyTensor | undefined): Promise<unknown> {
  if (tensor === undefined) return undefined;
  const { data } = await tensor.read();
  return { dataType: tensor.dataType, shape: tensor.shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

const wanted = (tensor: ExpectedTensor): unknown => ({ dataType: tensor.dataType, shape: tensor.shape, bytes: expectedBytes(tensor) });

test("there are files of every kind", () => {
  expect(fixtures.map((fixture) => basename(fixture))).toEqual([
    "exported-2.7.pt2",
    "exported.pt2",
    "rust_model.ot",
    "frozen.pt",
    "quantized.pt",
    "scripted.pt",
    "traced.pt",
  ]);
});

test.each(readFiles)("%s: every tensor under the name that state_dict() gives it", async (fixture) => {
  await using checkpoint = await open(fixture);
  const { tensors } = expectedOf(fixture);
  const readable = tensors.filter(({ refused }) => refused === undefined);
  const byName = new Map(checkpoint.tensors.map(({ sourceName, tensor }) => [sourceName, tensor]));
  expect(new Set(byName.keys())).toEqual(new Set(readable.map(({ name }) => name)));
  for (const tensor of readable) expect([tensor.name, await found(byName.get(tensor.name))]).toEqual([tensor.name, wanted(tensor)]);
  for (const { name, sameStorageAs = "" } of readable.filter(({ sameStorageAs: same }) => same !== undefined)) {
    expect(byName.get(name)?.storage.identity).toBe(byName.get(sameStorageAs)?.storage.identity);
  }
});

test.each(models)("%s is the model it says", async (fixture) => {
  await using checkpoint = await open(fixture);
  const expected = expectedOf(fixture);
  expect([checkpoint.problem, checkpoint.head]).toEqual([undefined, expected.head]);
  const weights = checkpoint.weights();
  for (const tensor of expected.tensors.filter(({ canonicalName }) => canonicalName !== null)) {
    expect([tensor.name, await found(weights.get(tensor.canonicalName ?? ""))]).toEqual([tensor.name, wanted(tensor)]);
  }
});

test("rust_model.ot is found in its folder", async () => {
  await using checkpoint = await openCheckpoint(
    { files: { ...fixtureFiles("torchscript/rust/rust_model.ot"), list: async () => ["config.json", "rust_model.ot"] } },
    { adapters },
  );
  expect([checkpoint.name, checkpoint.envelope]).toEqual(["torchscript/rust/rust_model.ot", "torchscript"]);
});

test("what is frozen has no names, and is refused with that reason", async () => {
  expect(refusedFiles).toEqual(["torchscript/small/frozen.pt"]);
  await expect(open("torchscript/small/frozen.pt")).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringMatching(/frozen.*constants without names/),
  });
});

test("what is quantised is named", async () => {
  const fixture = "torchscript/small/quantized.pt";
  await using checkpoint = await open(fixture);
  const refused = expectedOf(fixture)
    .tensors.filter((tensor) => tensor.refused !== undefined)
    .map(({ name }) => name);
  expect(refused).toHaveLength(3);
  for (const name of refused) {
    expect(checkpoint.unreadable).toContainEqual(expect.objectContaining({ reason: expect.stringContaining(`"${name}" is quantised`) }));
  }
});

describe("programs of torch.export that are damaged", () => {
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
  const meta = { dtype: 7, sizes: [{ as_int: 2 }], strides: [{ as_int: 1 }], storage_offset: { as_int: 0 }, layout: 7 };
  const weight = { path_name: "weight_0", is_param: true, use_pickle: false, tensor_meta: meta };
  const table = (weights: unknown): { name: string; data: Uint8Array } => ({
    name: "p/data/weights/model_weights_config.json",
    data: text(typeof weights === "string" ? weights : { config: weights }),
  });
  const parts = [
    { name: "p/archive_format", data: text("pt2") },
    { name: "p/models/model.json", data: text("{}") },
    { name: "p/data/weights/weight_0", data: new Uint8Array(8) },
  ];

  async function refusal(entries: readonly { name: string; data: Uint8Array }[]): Promise<unknown> {
    const files = memoryFileSet("memory", { "p.pt2": buildZip(entries) });
    return openCheckpoint({ files, fileName: "p.pt2" }, { adapters }).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  test("whole, they open", async () => {
    expect(await refusal([...parts, table({ a: weight })])).toBeUndefined();
  });

  test.each([
    ["no table", [], "unsupported", /without a table of its weights/],
    ["two tables", [table({}), { ...table({}), name: "p/data/weights/other_weights_config.json" }], "ambiguous-format", /model, other/],
    ["a table that is no JSON", [table("{")], "malformed", /no JSON/],
    ["a table of another form", [table("[]")], "malformed", /without "config"/],
    ["a weight that is not there", [table({ a: { ...weight, path_name: "weight_1" } })], "malformed", /where "a" lies/],
    ["a weight outside", [table({ a: { ...weight, path_name: "../../models/model.json" } })], "malformed", /where "a" lies/],
    [
      "a size that is an expression",
      [table({ a: { ...weight, tensor_meta: { ...meta, sizes: [{ as_expr: "s0" }] } } })],
      "malformed",
      /where "a" lies/,
    ],
    [
      "a weight that leaves its bytes",
      [table({ a: { ...weight, tensor_meta: { ...meta, sizes: [{ as_int: 3 }] } } })],
      "tensor-invalid",
      /"a"/,
    ],
    [
      "a sparse weight",
      [table({ a: { ...weight, tensor_meta: { ...meta, layout: 2 } } })],
      "unsupported",
      /"a" is of an element type or a layout/,
    ],
    [
      "complex numbers",
      [table({ a: { ...weight, tensor_meta: { ...meta, dtype: 10 } } })],
      "unsupported",
      /"a" is of an element type or a layout/,
    ],
    ["a pickled weight", [table({ a: { ...weight, use_pickle: true } })], "unsupported", /"a" is a tensor of a class of its own/],
  ])("%s", async (_, entries, code, message) => {
    expect(await refusal([...parts, ...entries])).toMatchObject({ name: "LongspanError", code, message: expect.stringMatching(message) });
  });

  test("an old one without its state dict", async () => {
    const entries = [{ name: "serialized_exported_program.json", data: text("{}") }];
    expect(await refusal(entries)).toMatchObject({ code: "unsupported", message: expect.stringMatching(/without its state dict/) });
  });
});
