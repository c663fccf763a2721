import { torchLegacyContainer, torchZipContainer } from "@longspan/adapter-torch";
import type { ByteSource, OpenedContainer } from "@longspan/core";
import { memoryFileSet } from "@longspan/core";
import { expect, test } from "vitest";
import { lightningEnvelope } from "../src/envelope/lightning-envelope.ts";
import { expectedBytes, expectedOf, fixturePaths, fixtureSource } from "./fixtures.ts";

const containers = [torchZipContainer(), torchLegacyContainer()];
const envelope = lightningEnvelope();
const paths = fixturePaths("lightning", ".ckpt");

async function openContainer(source: ByteSource): Promise<OpenedContainer> {
  const head = await source.read(0, Math.min(4096, source.size));
  for (const container of containers) {
    if ((await container.detect({ source, head })) !== undefined) {
      return container.open({ source, fileName: source.name, files: memoryFileSet("fixtures", {}) });
    }
  }
  throw new Error(`${source.name} is no torch file`);
}

test.each(paths)("%s: every tensor of the state dict, by name, type, shape and value", async (path) => {
  const container = await openContainer(fixtureSource(path));
  expect(envelope.detect(container)).toMatchObject({ specificity: 80 });
  const contents = envelope.open(container);
  const expected = expectedOf(path).tensors;
  expect(contents.tensors.map(({ sourceName }) => sourceName)).toEqual(expected.map(({ name }) => name));
  for (const [index, { tensor }] of contents.tensors.entries()) {
    const wanted = expected[index];
    if (wanted === undefined) throw new Error("lists of different lengths");
    const bytes = Buffer.from(await tensor.readBytes(0, tensor.byteLength));
    expect({ name: wanted.name, dataType: tensor.dataType, shape: tensor.shape, right: bytes.equals(expectedBytes(wanted)) }).toEqual({
      name: wanted.name,
      dataType: wanted.dataType,
      shape: wanted.shape,
      right: true,
    });
  }
});
