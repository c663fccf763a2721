import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { torch } from "@longspan/adapter-torch";
import { referenceRuntime } from "@longspan/core/runtime";
import { classifyText, classifyTokens } from "@longspan/pipelines";
import { expect, test } from "vitest";
import { pathOf } from "./recorded.ts";

const model = fileURLToPath(new URL("../../fixtures/forward/models/token-classification", import.meta.url));
const config: object = { ...JSON.parse(readFileSync(`${model}/config.json`, "utf8")), architectures: undefined };
const options = { model, config, adapters: [torch()], runtime: referenceRuntime(), tokenizer: pathOf("../huggingface/question-answering") };

test("names that fit two heads, and nothing that says which: the pipeline does", async () => {
  await using tagger = await classifyTokens(options);
  expect((await tagger("the cat", { ignoreLabels: [] })).length).toBeGreaterThan(0);
});

test("a head that the names do not fit is refused", async () => {
  await expect(classifyText(options)).rejects.toMatchObject({ code: "head-unknown" });
});
