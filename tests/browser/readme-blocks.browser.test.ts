import { expect, test } from "vitest";
import { run as askInAPage } from "virtual:block:docs/run-in-browsers.md:0";
import { run as convertInAPage } from "virtual:block:docs/run-in-browsers.md:1";
import { run as chosenSafetensors } from "virtual:block:packages/safetensors/README.md:1";
import { readSafetensorsHeader, type SafetensorsSource } from "@longspan/safetensors";
import { readFixture } from "../read-fixture.ts";

// What guides and READMEs say of browsers, run in one as it stands.

const folder = "huggingface/question-answering";
const fileNames = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"];

test("a page asks the model that was chosen", async () => {
  const chosen = await Promise.all(fileNames.map(async (name) => new File([await readFixture(`${folder}/${name}`)], name)));
  const context = "The depot in Krakow opens at nine. The one in Geneva opens at ten.";
  const { answer } = await askInAPage({ chosen, question: "When does it open?", context });
  expect(context).toContain(answer);
  expect(answer).not.toBe("");
});

test("a page converts what was chosen into its own storage", async () => {
  const chosen = await Promise.all(fileNames.map(async (name) => new File([await readFixture(`${folder}/${name}`)], name)));
  const { file } = await convertInAPage({ chosen });
  expect.assert(file instanceof File);
  expect(file.name).toBe("model_state.pdparams");
  // A pickle of protocol 4.
  expect([...new Uint8Array(await file.slice(0, 2).arrayBuffer())]).toEqual([0x80, 4]);
});

test("a chosen file is a source of safetensors", async () => {
  const file = new Blob([await readFixture(`${folder}/model.safetensors`)]);
  const { source } = await chosenSafetensors({ file });
  const { tensors } = await readSafetensorsHeader(source as SafetensorsSource);
  expect(tensors.map(({ name }) => name)).toContain("qa_outputs.weight");
});
