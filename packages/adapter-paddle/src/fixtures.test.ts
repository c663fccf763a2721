import { openCheckpoint } from "@longspan/core";
import { isTreeMap, type TreeValue } from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { type Expected, canonicalValues, expectedBytes, expectedOf, fixtureFiles, fixtureNames } from "../test/fixtures.ts";
import { bytesOf, openFile, tensorsOf } from "../test/open-container.ts";
import { paddle } from "./paddle.ts";

const fixtures = fixtureNames("paddle");
const layoutNames: Readonly<Record<string, string>> = { default: "paddle" };

function isModel({ head, layout }: Expected): boolean {
  return head !== null && layout !== null;
}

function below(root: TreeValue, path: readonly string[]): TreeValue {
  let value: TreeValue = root;
  for (const key of path) value = isTreeMap(value) ? (value.get(key) ?? null) : null;
  return value;
}

test("there are fixtures", () => {
  expect(fixtures.length).toBeGreaterThan(5);
});

describe.each(fixtures)("%s", (fixture) => {
  const expected = expectedOf(fixture);
  const wanted = expected.tensors.filter(({ refused }) => refused === undefined);
  const refusedNames = expected.tensors.filter(({ refused }) => refused !== undefined).map(({ name }) => name);

  test("has every tensor with its name, type, shape and bytes", async () => {
    const { files, fileName } = fixtureFiles(fixture);
    const container = await openFile(files, fileName);
    const root = below(container.root, expected.stateDictPath ?? []);
    const { tensors, refused } = tensorsOf(root);
    expect([...tensors.keys()].toSorted()).toEqual(wanted.map(({ name }) => name).toSorted());
    expect([...refused.keys()].toSorted()).toEqual(refusedNames.toSorted());
    for (const tensor of wanted) {
      const found = tensors.get(tensor.name);
      expect.assert(found !== undefined);
      expect({ name: tensor.name, dataType: found.dataType, shape: found.shape }).toEqual({
        name: tensor.name,
        dataType: tensor.dataType,
        shape: tensor.shape,
      });
      const bytes = await bytesOf(found);
      expect({ name: tensor.name, equal: Buffer.compare(bytes, expectedBytes(tensor)) === 0 }).toEqual({ name: tensor.name, equal: true });
    }
    await container.close();
  });
});

describe.each(fixtures.filter((fixture) => isModel(expectedOf(fixture))))("%s", (fixture) => {
  const expected = expectedOf(fixture);

  test("is the model it was written from, value for value", async () => {
    const { files, fileName } = fixtureFiles(fixture);
    const checkpoint = await openCheckpoint(
      { files, fileName },
      { adapters: [paddle()], config: expected.config ?? undefined, head: expected.head ?? undefined },
    );
    expect(checkpoint.problem).toBeUndefined();
    expect({ layout: checkpoint.layout, orientation: checkpoint.orientation }).toEqual({
      layout: layoutNames[expected.layout ?? ""] ?? expected.layout,
      orientation: "declared",
    });
    const parameters = checkpoint.tensors.filter(({ role }) => role === "parameter").map(({ canonicalName }) => canonicalName ?? "");
    expect(parameters.toSorted()).toEqual(
      expected.tensors.flatMap(({ canonicalName, refused }) => (refused === undefined ? (canonicalName ?? []) : [])).toSorted(),
    );
    const weights = checkpoint.weights();
    // A model that was trained on has values of its own.
    const holdsTinyModel = !fixture.includes("training");
    for (const [name, bytes] of holdsTinyModel ? canonicalValues(expected.head ?? "model") : []) {
      if (!parameters.includes(name)) continue;
      const tensor = weights.get(name);
      expect.assert(tensor !== undefined);
      if (tensor.dataType !== "float32") continue;
      expect({ name, equal: Buffer.compare(await bytesOf(tensor), bytes) === 0 }).toEqual({ name, equal: true });
    }
    await checkpoint.close();
  });
});

test.each(fixtures.filter((fixture) => fixture.includes("transposed-embeddings")))(
  "%s is refused as a model, because its embeddings lie the other way round",
  async (fixture) => {
    const { files, fileName } = fixtureFiles(fixture);
    const checkpoint = await openCheckpoint({ files, fileName }, { adapters: [paddle()], head: "model" });
    await expect((async () => checkpoint.weights())()).rejects.toMatchObject({
      code: "config-mismatch",
      message: expect.stringContaining("word_embeddings") as string,
    });
    await checkpoint.close();
  },
);
