import { readdirSync } from "node:fs";
import { type LazyTensor, openCheckpoint } from "@longspan/core";
import { isTensor, isTreeMap, type TreeValue } from "@longspan/core/adapter";
import { expect, test } from "vitest";
import { expectedBytes, expectedOf, fixtureFiles, fixturesFolder, openFixture } from "../test/fixture.ts";
import type { ExpectedFile, ExpectedTensor } from "../test/fixture.ts";
import { torch } from "./torch.ts";

const adapter = torch();

/** Tensors that exist but are refused here, beside those that every reader refuses. */
const refusedHere: Readonly<Record<string, readonly string[]>> = {
  // torch negates the values when it reads them.
  "torch/tensors/negative-bit.pt": ["negative"],
};

const suffix = ".expected.json";
const fixtures = ["torch", "huggingface"]
  .flatMap((family) => readdirSync(`${fixturesFolder}/${family}`, { recursive: true, encoding: "utf8" }).map((path) => `${family}/${path}`))
  .filter((path) => path.endsWith(suffix) && !path.endsWith("tokenizer.expected.json"))
  .map((path) => path.slice(0, -suffix.length));

const containerOfEnding: readonly (readonly [RegExp, string])[] = [
  [/\.safetensors$/, "safetensors"],
  [/\.safetensors\.index\.json$/, "safetensors-sharded"],
  [/\.bin\.index\.json$/, "torch-sharded"],
  [/(?:legacy[^/]*|1\.4[^/]*|transformers-3\.0\.2.*|original.*)\.(?:pt|bin)$/, "torch-legacy"],
  [/tar\.pt$/, "torch-tar"],
  [/./, "torch-zip"],
];

/** The tensors (or what stands for them) in the file's order, by the names of the expectation. */
function valuesOf(root: TreeValue, { stateDictPath = [] }: ExpectedFile): Map<string, TreeValue> {
  let value = root;
  for (const key of stateDictPath) value = (isTreeMap(value) ? value.get(key) : undefined) ?? null;
  if (isTensor(value)) return new Map([["", value]]);
  if (isTreeMap(value)) return new Map(value.entries.map(([key, item]) => [pythonText(key), item]));
  const items = typeof value === "object" && value !== null && value.kind === "list" ? value.items : [];
  return new Map(items.map((item, index) => [String(index), item]));
}

/** Python's `str` of a key, as far as the fixtures have them: text, numbers, tuples of numbers. */
function pythonText(key: TreeValue): string {
  if (typeof key === "string") return key;
  if (typeof key !== "object" || key === null) return String(key);
  return key.kind === "tuple" ? `(${key.items.map((item) => pythonText(item)).join(", ")})` : key.kind;
}

async function bytesOf(tensor: LazyTensor): Promise<Uint8Array> {
  const { data } = await tensor.read();
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** What a test compares of a tensor. */
async function found(name: string, tensor: LazyTensor | undefined): Promise<unknown> {
  return tensor === undefined ? { name } : { name, dataType: tensor.dataType, shape: tensor.shape, bytes: await bytesOf(tensor) };
}

function wanted(name: string, tensor: ExpectedTensor): unknown {
  return { name, dataType: tensor.dataType, shape: tensor.shape, bytes: expectedBytes(tensor) };
}

async function valuesIn(fixture: string, expected: ExpectedFile): Promise<{ container: string; values: ReadonlyMap<string, TreeValue> }> {
  const { container, opened } = await openFixture(fixture, adapter.containers);
  if (expected.wholeModule !== true) return { container, values: valuesOf(opened.root, expected) };
  const tensors = adapter.envelopes.find(({ name }) => name === "module")?.open(opened).tensors ?? [];
  return { container, values: new Map(tensors.map(({ name, tensor }) => [name, tensor])) };
}

test("there are files", () => {
  expect(fixtures.length).toBeGreaterThan(60);
});

const refusedFiles = fixtures.filter((fixture) => expectedOf(fixture).refused !== undefined);

test.each(refusedFiles)("%s is refused", async (fixture) => {
  await expect(openFixture(fixture, adapter.containers)).rejects.toMatchObject({ name: "LongspanError", code: "unsupported" });
});

test.each(fixtures.filter((fixture) => !refusedFiles.includes(fixture)))("%s, tensor by tensor", async (fixture) => {
  const expected = expectedOf(fixture);
  const { container, values } = await valuesIn(fixture, expected);
  expect(container).toBe(containerOfEnding.find(([ending]) => ending.test(fixture))?.[1]);

  const refused = [
    ...expected.tensors.filter((tensor) => tensor.refused !== undefined).map(({ name }) => name),
    ...(refusedHere[fixture] ?? []),
  ];
  for (const name of refused) {
    expect(values.get(name)).toMatchObject({ kind: "opaque", reason: expect.stringContaining(name), error: { code: "unsupported" } });
  }
  const readable = expected.tensors.filter(({ name }) => !refused.includes(name));
  const tensors = new Map([...values].filter((entry): entry is [string, LazyTensor] => isTensor(entry[1])));
  expect(new Set(tensors.keys())).toEqual(new Set(readable.map(({ name }) => name)));
  for (const tensor of readable) expect(await found(tensor.name, tensors.get(tensor.name))).toEqual(wanted(tensor.name, tensor));
  const tied = readable.filter(({ sameStorageAs }) => sameStorageAs !== undefined);
  for (const { name, sameStorageAs = "" } of tied)
    expect(tensors.get(name)?.storage.identity).toBe(tensors.get(sameStorageAs)?.storage.identity);
});

const models = fixtures.filter((fixture) => expectedOf(fixture).head !== null);

test.each(models)("%s, as core sees it", async (fixture) => {
  const expected = expectedOf(fixture);
  const fileName = fixture.slice(fixture.lastIndexOf("/") + 1);
  const checkpoint = await openCheckpoint({ files: fixtureFiles(fixture), fileName }, { adapters: [adapter], config: expected.config });
  expect(checkpoint.head).toBe(expected.head);
  const path = (expected.stateDictPath ?? []).map((key) => `${key}.`).join("");
  const parameters = expected.tensors.filter(({ canonicalName }) => canonicalName !== null);
  const canonical = new Map(
    checkpoint.tensors.filter(({ role }) => role === "parameter").map(({ sourceName, canonicalName }) => [sourceName, canonicalName]),
  );
  for (const { name, canonicalName } of parameters) expect([name, canonical.get(path + name)]).toEqual([name, canonicalName]);
  const weights = checkpoint.weights();
  for (const tensor of parameters) {
    const name = tensor.canonicalName ?? "";
    expect(await found(name, weights.get(name))).toEqual(wanted(name, tensor));
  }
  await checkpoint.close();
});
