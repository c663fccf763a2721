import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lightning } from "@longspan/adapter-lightning";
import { torch } from "@longspan/adapter-torch";
import { filesFileSet, openCheckpoint } from "@longspan/core";
import { blobSource, stridedTensor, tensorBlob } from "@longspan/core/adapter";

const folder = new URL("../examples/train-lightning-qa/model/", import.meta.url);
const fileOf = (name: string): File => new File([readFileSync(new URL(name, folder))], name);

test("weights of a chosen file lie in it as blobs, with the same bytes", async () => {
  const files = filesFileSet([fileOf("longformer-qa.ckpt"), fileOf("config.json")]);
  await using checkpoint = await openCheckpoint({ files }, { adapters: [torch(), lightning()] });
  const parameters = checkpoint.tensors.filter(({ role }) => role === "parameter");
  expect(parameters.length).toBeGreaterThan(50);
  for (const { tensor } of parameters) {
    const blob = await tensorBlob(tensor);
    expect(new Uint8Array((await blob?.arrayBuffer()) ?? [])).toEqual(await tensor.readBytes(0, tensor.byteLength));
  }
});

test("a view that is turned, of the other byte order, or of no blob has none", async () => {
  const bytes = Float32Array.from({ length: 12 }, (_, index) => index);
  const storage = { source: blobSource(new Blob([bytes])), offset: 8, byteLength: 40 };
  const common = { name: "matrix", dataType: "float32", shape: [2, 3], elementOffset: 1, storage } as const;
  const found = await tensorBlob(stridedTensor(common));
  expect(new Float32Array((await found?.arrayBuffer()) ?? new ArrayBuffer(0))).toEqual(bytes.subarray(3, 9));
  expect(await tensorBlob(stridedTensor({ ...common, strides: [1, 2] }))).toBeUndefined();
  expect(await tensorBlob(stridedTensor({ ...common, storage: { ...storage, byteOrder: "big" } }))).toBeUndefined();
  const { blob: _, ...alone } = storage.source;
  expect(await tensorBlob(stridedTensor({ ...common, storage: { ...storage, source: alone } }))).toBeUndefined();
});
