import { describe, expect, test } from "vitest";
import { sampleConfig } from "../../test/sample-model.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { parseLongformerConfig } from "./parse-config.ts";
import { publishedConfigs } from "./published-configs.ts";
import { createLongformerSpec } from "./spec.ts";
import { heads } from "./head.ts";

const parse = (changes: Readonly<Record<string, unknown>>): ReturnType<typeof parseLongformerConfig> =>
  parseLongformerConfig({ ...sampleConfig, ...changes }, "config.json");

describe("reading", () => {
  test("unknown keys are kept", () => {
    expect(parse({}).config.source.a_key_of_somebody_else).toEqual({ kept: [1, 2, 3] });
  });

  test("one window stands for all layers", () => {
    expect(parse({ attention_window: 6 }).config.attentionWindow).toEqual([6, 6]);
  });

  test("missing keys take the class's defaults, which are not the published models' values, and are noted", () => {
    const { config, notes } = parseLongformerConfig({ hidden_size: 768 });
    expect(config).toMatchObject({ vocabSize: 30522, maxPositions: 512, typeVocabSize: 2, layerNormEpsilon: 1e-12 });
    expect(notes.join()).toContain("vocab_size");
    expect(parseLongformerConfig(publishedConfigs["longformer-base-4096"]).config).toMatchObject({
      vocabSize: 50265,
      maxPositions: 4098,
      typeVocabSize: 1,
      layerNormEpsilon: 1e-5,
    });
  });

  test("keys of the class that are null take its defaults as well, and it is said which", () => {
    const { config, notes } = parse({ pad_token_id: null, sep_token_id: null });
    expect(config).toMatchObject({ padTokenId: 1, sepTokenId: 2 });
    expect(notes).toEqual(["config.json says null for sep_token_id, pad_token_id: transformers' class defaults are taken (2, 1)."]);
    // transformers refuses null, so what is written leaves the key to the same default.
    expect(config.source).not.toHaveProperty("pad_token_id");
    expect(parseLongformerConfig(config.source).config).toMatchObject({ padTokenId: 1, sepTokenId: 2 });
  });

  test("null of another's key, and for labels, is as if it was not there, and stays", () => {
    const { config, notes } = parse({ id2label: null, pruned_heads: null });
    expect(notes).toEqual([]);
    expect(config.source).toMatchObject({ id2label: null, pruned_heads: null });
  });

  test("of a default in the place of null that does not fit it is said so", () => {
    expect(() => parseLongformerConfig({ hidden_size: 16, num_attention_heads: null }, "config.json")).toThrow(
      "config.json does not say num_attention_heads, and transformers' default, 12, does not fit; expected a divisor of hidden_size (16).",
    );
  });

  test("labels come from id2label, then num_labels, and may be unsaid", () => {
    expect(parse({ id2label: { 0: "a", 1: "b", 2: "c" } }).config.labels).toBe(3);
    expect(parse({ num_labels: 5 }).config.labels).toBe(5);
    expect(parse({}).config.labels).toBeUndefined();
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ["hidden_size", { hidden_size: 0 }],
    ["num_attention_heads", { num_attention_heads: 3 }],
    ["num_hidden_layers", { num_hidden_layers: 2 ** 40, attention_window: 4 }],
    ["attention_window", { attention_window: [4] }],
    ["attention_window", { attention_window: 5 }],
    ["attention_window", { attention_window: [4, "8"] }],
    ["layer_norm_eps", { layer_norm_eps: -1 }],
    ["vocab_size", { vocab_size: "8" }],
    ["pad_token_id", { pad_token_id: -1 }],
    ["hidden_act", { hidden_act: 3 }],
    ["tie_word_embeddings", { tie_word_embeddings: "yes" }],
  ])("a wrong %s is named", (key, changes) => {
    expect(() => parse(changes)).toThrow(new RegExp(`config.json says ${key}`));
  });

  test("of a default that does not fit it is said that the configuration lacks the key", () => {
    expect(() => parseLongformerConfig({ hidden_size: 16 }, "config.json")).toThrow(
      "config.json does not say num_attention_heads, and transformers' default, 12, does not fit; expected a divisor of hidden_size (16).",
    );
  });

  test("another model's configuration is refused as such", () => {
    expect(() => parse({ model_type: "bert" })).toThrow('model_type "bert"');
    expect(() => parseLongformerConfig([1])).toThrow(LongspanError);
  });
});

describe("allenai's one-sided windows", () => {
  test.each<[string, Readonly<Record<string, unknown>>]>([
    ["attention_dilation", { attention_dilation: [1, 1] }],
    ["autoregressive", { autoregressive: false }],
    ["attention_mode n2", { attention_mode: "n2" }],
    ["attention_mode tvm", { attention_mode: "tvm" }],
    ["attention_mode sliding_chunks", { attention_mode: "sliding_chunks", model_type: "roberta" }],
  ])("are doubled on the marker %s, once", (_, marker) => {
    const { config, notes } = parse(marker);
    expect(config.attentionWindow).toEqual([8, 16]);
    expect(notes.join()).toContain("one-sided");
    expect(parseLongformerConfig(config.source).config.attentionWindow).toEqual([8, 16]);
  });

  test("are not doubled without one", () => {
    expect(parse({ attention_mode: "longformer" }).config.attentionWindow).toEqual([4, 8]);
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ["attention_dilation", { attention_dilation: [1, 2] }],
    ["autoregressive", { autoregressive: true }],
    ["attention_mode", { attention_mode: "sliding_chunks_no_overlap" }],
  ])("%s that Hugging Face's model cannot do is refused", (key, changes) => {
    expect(() => parse(changes)).toThrow(key);
  });
});

describe("the spec", () => {
  const { config } = parseLongformerConfig(publishedConfigs["longformer-base-4096"]);

  test("has the published base model's tensors: 5 + 22 for each of 12 layers + 2, and 148,659,456 elements", () => {
    const { parameters } = createLongformerSpec(config, "model");
    expect(parameters).toHaveLength(5 + 22 * 12 + 2);
    expect(parameters.reduce((sum, { shape }) => sum + shape.reduce((product, dimension) => product * dimension, 1), 0)).toBe(148_659_456);
  });

  test.each(heads)("head %s: names are unique, and only the bare model and multiple choice compute with a pooler", (head) => {
    const { parameters } = createLongformerSpec(config, head);
    expect(new Set(parameters.map(({ name }) => name)).size).toBe(parameters.length);
    const pooler = parameters.find(({ name }) => name === "pooler.dense.weight");
    expect(pooler?.need).toBe(head === "multiple-choice" ? "required" : head === "model" ? "optional" : "unused");
  });
});
