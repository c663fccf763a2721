import { treeMap, type TreeValue } from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { dict, list, opaque, opened, tensor } from "../../test/tree-building.ts";
import { lightningEnvelope } from "./lightning-envelope.ts";

const triviaQa = {
  max_question_len: 55,
  max_doc_len: 4096,
  max_num_answers: 64,
  regular_softmax_loss: false,
  attention_mode: "sliding_chunks",
  attention_window: 256,
  seq2seq: false,
};

const configuration = {
  attention_window: list(4, 8),
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 4,
};

function open(hyperParameters: TreeValue, heads: readonly string[] = ["qa_outputs.weight"]) {
  const names = ["model.embeddings.LayerNorm.weight", ...heads];
  const state = dict(Object.fromEntries(names.map((name) => [name, tensor(name)])));
  return lightningEnvelope().open(opened(dict({ epoch: 0, global_step: 0, state_dict: state, hyper_parameters: hyperParameters })));
}

describe("the TriviaQA script", () => {
  test.each<[string, TreeValue]>([
    ["as a dict", dict(triviaQa)],
    ["as a Namespace", opaque("argparse.Namespace", dict(triviaQa))],
    ["as a Namespace among arguments", dict({ args: opaque("argparse.Namespace", dict(triviaQa)), pooler: true })],
  ])("%s says that there are two separators, and nothing of windows", (_, hyperParameters) => {
    const contents = open(hyperParameters);
    expect(contents.config).toEqual({ longspan: { questionAnsweringSeparators: 2 } });
    expect(contents.head).toBeUndefined();
    expect(contents.warnings).toHaveLength(1);
    expect(contents.warnings[0]).toMatch(/two separators.*attention_window counts one side/);
  });

  test("its seq2seq variant and other scripts say nothing", () => {
    expect(open(dict({ ...triviaQa, seq2seq: true })).config).toBeUndefined();
    expect(open(dict({ max_question_len: 1, max_doc_len: 2, lr: 1 })).config).toBeUndefined();
    expect(open(dict({ attention_window: 256 })).warnings).toEqual([]);
  });
});

describe("a configuration among hyper-parameters", () => {
  const object = opaque(
    "transformers.models.longformer.configuration_longformer.LongformerConfig",
    treeMap([
      ...dict(configuration).entries,
      [
        "id2label",
        treeMap([
          [0, "no"],
          [1, "yes"],
        ]),
      ],
      ["torch_dtype", opaque("torch.float32")],
      ["_commit_hash", "abc"],
      ["__proto__", dict({ polluted: true })],
      ["dropout", Number.NaN],
    ]),
  );

  test("an object of LongformerConfig is read without being made", () => {
    const { config } = open(dict({ config: object }));
    expect(config).toEqual({
      attention_window: [4, 8],
      hidden_size: 16,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      id2label: { 0: "no", 1: "yes" },
      model_type: "longformer",
    });
    expect(Object.getPrototypeOf(config)).toBe(Object.prototype);
  });

  test("as the hyper-parameters themselves, and as a dict", () => {
    expect(open(object).config).toMatchObject({ hidden_size: 16, model_type: "longformer" });
    expect(open(dict({ ...configuration, model_type: "longformer" })).config).toMatchObject({ hidden_size: 16 });
    expect(open(dict({ hf: dict(configuration) })).config).toMatchObject({ attention_window: [4, 8] });
  });

  test("another model's configuration is left alone", () => {
    expect(open(dict({ config: dict({ ...configuration, model_type: "led" }) })).config).toBeUndefined();
    expect(open(dict({ hidden_size: 16, num_hidden_layers: 2, attention_window: 4 })).config).toBeUndefined();
  });

  test("the original implementation's configuration is passed on with its markers", () => {
    const original = {
      ...configuration,
      model_type: "roberta",
      attention_dilation: list(1, 1),
      attention_mode: "tvm",
      autoregressive: false,
    };
    expect(open(dict({ config: dict(original) })).config).toMatchObject({ attention_dilation: [1, 1], attention_mode: "tvm" });
  });

  test("two that differ are both refused; two that agree are one", () => {
    const two = open(dict({ a: dict(configuration), b: dict({ ...configuration, hidden_size: 32 }) }));
    expect(two.config).toBeUndefined();
    expect(two.warnings[0]).toContain("hyper_parameters.a, hyper_parameters.b");
    expect(open(dict({ a: dict(configuration), b: dict(configuration) })).config).toMatchObject({ hidden_size: 16 });
  });

  test("shared references that unfold without end are not followed", () => {
    let value: TreeValue = list(1, 1);
    for (let level = 0; level < 30; level++) value = list(value, value);
    expect(open(dict({ config: dict({ ...configuration, bomb: value }) })).config).toBeUndefined();
  });
});

describe("the head in words", () => {
  const named = (name: string) => dict({ architectures: list(name) });

  test("is taken when the state dict holds it", () => {
    expect(open(named("LongformerForQuestionAnswering"))).toMatchObject({
      head: "question-answering",
      config: { architectures: ["LongformerForQuestionAnswering"] },
    });
    expect(open(named("LongformerForTokenClassification"), ["classifier.weight"]).head).toBe("token-classification");
    expect(open(named("LongformerModel"), []).head).toBe("model");
    expect(open(dict({ config: dict({ ...configuration, architectures: list("LongformerForMaskedLM") }) }), ["lm_head.bias"]).head).toBe(
      "masked-lm",
    );
  });

  test("is not taken when it names the model that training started from", () => {
    const contents = open(dict({ config: dict({ ...configuration, architectures: list("LongformerForMaskedLM") }) }));
    expect(contents.head).toBeUndefined();
    expect(contents.config).not.toHaveProperty("architectures");
    expect(contents.warnings[0]).toContain("LongformerForMaskedLM");
    expect(open(named("LongformerModel")).head).toBeUndefined();
  });

  test("says nothing when it is no Longformer or more than one", () => {
    expect(open(named("BertModel"))).toMatchObject({ head: undefined, warnings: [] });
    expect(open(dict({ architectures: list("LongformerModel", "LongformerForMaskedLM") })).head).toBeUndefined();
    expect(open(dict({ architectures: 3 })).head).toBeUndefined();
  });
});
