import { fileURLToPath } from "node:url";
import { openCheckpoint } from "@longspan/core";
import { pathInput } from "@longspan/core/node";
import { torch } from "@longspan/adapter-torch";
import { expect, test } from "vitest";
import { expectedBytes, expectedOf } from "../test/fixtures.ts";
import { lightning } from "./lightning.ts";

const root = fileURLToPath(new URL("../../../fixtures/", import.meta.url));

/** Folders as Lightning's sharded strategies leave them, and the file whose expectation stands for each. */
const folders = [
  ["sharded/dcp-lightning/step.ckpt", "sharded/dcp-lightning/step.ckpt/.metadata", "torch-distributed"],
  ["sharded/deepspeed-zero1/epoch=1-step=2.ckpt", "sharded/deepspeed-zero1/epoch=1-step=2.ckpt/latest", "deepspeed"],
  ["sharded/deepspeed-zero1/epoch=1-step=2.ckpt/checkpoint", "sharded/deepspeed-zero1/epoch=1-step=2.ckpt/latest", "deepspeed"],
] as const;

test.each(folders)("%s: weights, hyper-parameters and what is left out", async (folder, expectation, container) => {
  for (const adapters of [[lightning()], [torch(), lightning()]]) {
    await using checkpoint = await openCheckpoint(await pathInput(root + folder), { adapters });
    const expected = expectedOf(expectation);
    expect([checkpoint.container, checkpoint.envelope, checkpoint.head]).toEqual([container, "lightning", expected.head]);
    expect(checkpoint.problem).toBeUndefined();
    const weights = checkpoint.weights();
    for (const tensor of expected.tensors.filter(({ canonicalName }) => canonicalName !== null)) {
      const { data } = (await weights.get(tensor.canonicalName ?? "")?.read()) ?? { data: new Uint8Array(0) };
      expect([tensor.name, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]).toEqual([
        tensor.name,
        new Uint8Array(expectedBytes(tensor)),
      ]);
    }
    expect(checkpoint.metadata.get("pytorch-lightning_version")).toBe("2.6.6");
    expect(checkpoint.metadata.has("hyper_parameters")).toBe(true);
  }
});
