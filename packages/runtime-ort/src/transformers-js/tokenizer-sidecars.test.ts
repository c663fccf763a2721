import { bytesSource, type TargetRequest } from "@longspan/core/adapter";
import { expect, test } from "vitest";
import { tokenizerSidecars } from "./tokenizer-sidecars.ts";

const nest = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;

async function settingsOf(tokenizer: string, config: string): Promise<Record<string, unknown>> {
  const sidecars = Object.entries({ "tokenizer.json": tokenizer, "tokenizer_config.json": config }).map(([fileName, text]) => ({
    fileName,
    source: bytesSource(new TextEncoder().encode(text), fileName),
  }));
  const spec = { config: { maxPositions: 66, padTokenId: 1 } };
  const written = await tokenizerSidecars({ sidecars, spec, config: {} } as unknown as TargetRequest, undefined);
  const source = written.find(({ fileName }) => fileName === "tokenizer_config.json")?.source;
  return JSON.parse(new TextDecoder().decode(await source?.read(0, source.size)));
}

test.each([
  ["BPE", '{"model":{"type":"BPE"}}', '{"model_max_length":48}', { tokenizer_class: "RobertaTokenizer", model_max_length: 48 }],
  ["more than the model takes", "{}", '{"model_max_length":1e30}', { tokenizer_class: "PreTrainedTokenizerFast", model_max_length: 64 }],
  ["a nest of lists", `{"model":{"type":${nest}}}`, `{"model_max_length":${nest}}`, { model_max_length: 64 }],
  ["a name of JavaScript's", '{"model":{"type":"constructor"}}', "{}", { tokenizer_class: "PreTrainedTokenizerFast" }],
])("settings of a tokenizer: %s", async (_what, tokenizer, config, expected) => {
  expect(await settingsOf(tokenizer, config)).toMatchObject(expected);
});
