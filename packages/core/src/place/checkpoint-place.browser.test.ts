import { expect, test } from "vitest";
import { rawAdapter, rawModel } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig } from "../../test/sample-model.ts";
import { openCheckpoint } from "../conversion/open-checkpoint.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { checkpointInput } from "./checkpoint-place.ts";

const adapters = [rawAdapter([plainLayout])];
const model = rawModel(compileLayout(plainLayout, createLongformerSpec(sample(), "question-answering")).parameters);
const files = [new File([model.slice()], "model.raw"), new File([JSON.stringify(sampleConfig)], "config.json")];

test("the files of an input element open as they are", async () => {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  const chosen = new DataTransfer();
  for (const file of files) chosen.items.add(file);
  input.files = chosen.files;
  expect.assert(input.files !== null);
  await using checkpoint = await openCheckpoint(input.files, { adapters });
  expect(checkpoint).toMatchObject({ head: "question-answering", problem: undefined });
});

test("a dropped file opens alone", async () => {
  await using checkpoint = await openCheckpoint(files[0] ?? "", { adapters, config: sampleConfig });
  expect(checkpoint.name).toBe("model.raw");
});

test("a text is a URL, relative to the page", async () => {
  const { files: set, fileName } = await checkpointInput("models/a/model.bin");
  expect([set.name, fileName]).toEqual([new URL("models/a/", location.href).href, "model.bin"]);
  await expect(checkpointInput("C:\\models\\model.bin")).rejects.toMatchObject({ code: "argument-invalid" });
});
