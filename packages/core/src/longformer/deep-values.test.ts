import { describe, expect, test } from "vitest";
import { LongspanError } from "../errors/longspan-error.ts";
import { parseLongformerConfig } from "./parse-config.ts";
import { globalAttentionPolicy } from "./head-definition.ts";
import { publishedConfigs } from "./published-configs.ts";

const base = publishedConfigs["longformer-base-4096"];
const deep = (): unknown => JSON.parse("[".repeat(100_000) + "]".repeat(100_000));

/** What a message shows of a value must not be written without bounds: `JSON.stringify` ends with the stack. */
describe("configurations with values that are nested without end", () => {
  test("of a setting of ours", () => {
    const { config } = parseLongformerConfig({ ...base, longspan: { globalAttention: deep() } });
    expect(() => globalAttentionPolicy(config, "question-answering")).toThrow(expect.objectContaining({ code: "config-invalid" }));
  });

  test("of windows, beside given ones", () => {
    const { config, notes } = parseLongformerConfig({ ...base, attention_window: deep() }, "config.json", { window: 256 });
    expect([...new Set(config.attentionWindow)]).toEqual([256]);
    expect(notes.join()).toContain("says attention_window [[[");
  });

  test.each([
    ["windows of a Longformer", { ...base, attention_window: deep() }],
    ["windows of a RoBERTa that was given them", { ...base, model_type: "roberta", attention_window: deep() }],
  ])("of %s", (_, raw) => {
    let thrown: unknown;
    try {
      parseLongformerConfig(raw);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LongspanError);
  });
});
