import { describe, expect, test } from "vitest";
import { expectedBytes, expectedOf, fixtureFiles, fixtureNames } from "./testing/fixtures.ts";
import { bytesOf, openFile, tensorsOf } from "./testing/open-container.ts";

describe.each(fixtureNames("paddle"))("%s", (fixture) => {
  test("has every tensor with its name, type, shape and bytes", async () => {
    const expected = expectedOf(fixture);
    const { files, fileName } = fixtureFiles(fixture);
    const container = await openFile(files, fileName);
    const { tensors, refused } = tensorsOf(container.root);
    const wanted = expected.tensors.filter((tensor) => tensor.refused === undefined);
    expect([...tensors.keys()].toSorted()).toEqual(wanted.map(({ name }) => name).toSorted());
    expect([...refused.keys()].toSorted()).toEqual(
      expected.tensors
        .filter((tensor) => tensor.refused !== undefined)
        .map(({ name }) => name)
        .toSorted(),
    );
    for (const tensor of wanted) {
      const found = tensors.get(tensor.name);
      expect.assert(found !== undefined);
      expect({ name: tensor.name, dataType: found.dataType, shape: found.shape }).toEqual({
        name: tensor.name,
        dataType: tensor.dataType,
        shape: tensor.shape,
      });
      // oxlint-disable-next-line no-await-in-loop
      expect(Buffer.compare(await bytesOf(found), expectedBytes(tensor)), tensor.name).toBe(0);
    }
    await container.close();
  });
});
