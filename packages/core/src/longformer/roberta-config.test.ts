import { describe, expect, test } from "vitest";
import { sampleConfig } from "../../test/sample-model.ts";
import { longformerClassName, modelTypeOfConfigClass } from "./class-names.ts";
import { parseLongformerConfig } from "./parse-config.ts";
import { globalAttentionPolicy } from "./head-definition.ts";
import { headOfArchitecture } from "./head.ts";
import { keepGraftAttention } from "./keep-graft-attention.ts";

const { sep_token_id: _separator, ...rest } = sampleConfig;
const parse = (changes: Readonly<Record<string, unknown>>): ReturnType<typeof parseLongformerConfig> =>
  parseLongformerConfig({ ...rest, model_type: "roberta", ...changes });

describe("a graft's configuration", () => {
  test("says what follows from RoBERTa's class, where a Longformer's would say something else", () => {
    const { config, isGraft } = parse({ eos_token_id: 3 });
    expect(isGraft).toBe(true);
    // The separator is the end of sequence; LongformerConfig would take 2.
    expect(config).toMatchObject({ sepTokenId: 3, source: { model_type: "longformer", sep_token_id: 3 } });
    expect(config.source).not.toHaveProperty("tokenizer_class");
    expect(parse({ vocab_size: undefined }).config.vocabSize).toBe(50265);
  });

  test("names the tokenizer's class, which followed from the model type, and keeps one that is named", () => {
    expect(parse({ model_type: "camembert" }).config.source.tokenizer_class).toBe("CamembertTokenizer");
    expect(parse({ model_type: "xlm-roberta", tokenizer_class: "Own" }).config.source.tokenizer_class).toBe("Own");
  });

  test("loses the code of a class that it no longer is", () => {
    expect(parse({ auto_map: { AutoModel: "modeling.RobertaLong" } }).config.source).not.toHaveProperty("auto_map");
  });

  test("with allenai's markers is allenai's: windows count one side", () => {
    const { config, isGraft } = parse({ attention_mode: "sliding_chunks", attention_dilation: [1, 1] });
    expect([config.attentionWindow, isGraft]).toEqual([[8, 16], false]);
  });

  test("keeps its attention where the head has global tokens of its own, and else says nothing", () => {
    const { config } = parse({});
    const kept = keepGraftAttention(config, "sequence-classification");
    expect(globalAttentionPolicy(kept.config, "sequence-classification")).toEqual({ kind: "none" });
    expect(kept.config.source.longspan).toEqual({ globalAttention: "none" });
    expect(keepGraftAttention(config, "masked-lm")).toEqual({ config, notes: [] });
    const { config: own } = parse({ longspan: { globalAttention: "head", other: 1 } });
    expect(keepGraftAttention(own, "sequence-classification").config).toBe(own);
    expect(globalAttentionPolicy(own, "sequence-classification")).toEqual({ kind: "first-token" });
  });

  test("another word for global attention is refused", () => {
    const { config } = parseLongformerConfig({ ...sampleConfig, longspan: { globalAttention: "all" } });
    expect(() => globalAttentionPolicy(config, "masked-lm")).toThrow('longspan.globalAttention "all"');
  });
});

test.each([
  ["RobertaForMaskedLM", "LongformerForMaskedLM"],
  ["RobertaLongForMaskedLM", "LongformerForMaskedLM"],
  ["XLMRobertaForQuestionAnswering", "LongformerForQuestionAnswering"],
  ["CamembertModel", "LongformerModel"],
  ["BertForMaskedLM", "BertForMaskedLM"],
  ["RobertaTokenizer", "RobertaTokenizer"],
  ["MyRobertaModel", "MyRobertaModel"],
])("the class %s is %s", (name, expected) => {
  expect(longformerClassName(name)).toBe(expected);
  expect(headOfArchitecture(name)).toBe(headOfArchitecture(expected));
});

test("a pickled configuration's class tells the model type", () => {
  expect(modelTypeOfConfigClass("transformers.models.xlm_roberta.configuration_xlm_roberta.XLMRobertaConfig")).toBe("xlm-roberta");
  expect(modelTypeOfConfigClass("LongformerConfig")).toBe("longformer");
  expect(modelTypeOfConfigClass("transformers.BertConfig")).toBeUndefined();
});
