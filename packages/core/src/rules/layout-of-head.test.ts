import { describe, expect, test } from "vitest";
import { plainLayout, sample, turnedLayout } from "../../test/sample-model.ts";
import type { Layout } from "../adapter/layout.ts";
import { defineHead } from "../longformer/head-definition.ts";
import { embeddingParameter, linearParameters, normalizationParameters } from "../longformer/parameter-draft.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "./compile-layout.ts";
import { layoutOfHead } from "./layout-of-head.ts";
import { parameterRules } from "./parameter-rules.ts";

/** A linear layer, a normalization, a table, a bias of its own, and a parameter that stands in no module. */
const head = defineHead({
  name: "spans",
  parameters: ({ hiddenSize }) => [
    ...linearParameters("spans.scores", 3, hiddenSize),
    ...normalizationParameters("spans.norm", hiddenSize),
    embeddingParameter("spans.kinds", 5, hiddenSize),
    { name: "scale", shape: [hiddenSize], role: "bias" },
  ],
  graph: (_builder, hidden) => ({ hidden }),
});
const spec = createLongformerSpec(sample(), head);

function headNames(layout: Layout): unknown[] {
  return compileLayout(layout, spec)
    .parameters.filter(({ parameter }) => parameter.part === "head")
    .map(({ name, shape, transpose }) => [name, shape, transpose]);
}

describe("a head of one's own is written as a layout writes the standard heads", () => {
  test("under its own names where the layout has the canonical ones", () => {
    expect(headNames(plainLayout)).toEqual([
      ["spans.scores.weight", [3, 4], false],
      ["spans.scores.bias", [3], false],
      ["spans.norm.weight", [4], false],
      ["spans.norm.bias", [4], false],
      ["spans.kinds.weight", [5, 4], false],
      ["scale", [4], false],
    ]);
  });

  test("linear weights turned, tables not", () => {
    expect(headNames(turnedLayout).map((found) => (found as unknown[])[2])).toEqual([true, false, false, false, false, false]);
  });

  test("by what the layout calls parameters of each role", () => {
    const rules = parameterRules({
      linear: { weight: "kernel", transposed: true },
      normalization: { weight: "gamma", bias: "beta" },
      embedding: { weight: "table" },
    });
    expect(headNames({ name: "named", rules })).toEqual([
      ["spans.scores.kernel", [4, 3], true],
      ["spans.scores.bias", [3], false],
      ["spans.norm.gamma", [4], false],
      ["spans.norm.beta", [4], false],
      ["spans.kinds.table", [5, 4], false],
      ["scale", [4], false],
    ]);
  });

  test("weight and bias that one rule names are paired by position", () => {
    const rules = plainLayout.rules.map((rule) =>
      rule.from === "lm_head.layer_norm.{k:weight|bias}"
        ? { from: "lm_head.{norm:layer_norm|norm}.{kind:weight|bias}", to: "{norm:lm_norm|norm}.{kind:gamma|beta}" }
        : rule,
    );
    expect(headNames({ ...plainLayout, rules }).slice(2, 4)).toEqual([
      ["spans.norm.gamma", [4], false],
      ["spans.norm.beta", [4], false],
    ]);
  });

  test("biases as those of the classifier", () => {
    const rules = plainLayout.rules.map((rule) => (rule.from === "classifier.bias" ? { ...rule, to: "classifier.offset" } : rule));
    expect(headNames({ ...plainLayout, rules })[1]).toEqual(["spans.scores.offset", [3], false]);
  });

  test("under its own names where the layout says nothing of their role", () => {
    const rules = turnedLayout.rules.filter(({ from }) => from !== "classifier.weight" && !from.startsWith("lm_head.layer_norm"));
    const names = headNames({ ...turnedLayout, rules });
    expect(names[0]).toEqual(["spans.scores.weight", [3, 4], false]);
    expect(names[2]).toEqual(["spans.norm.weight", [4], false]);
  });

  test("whatever parameters it has where word embeddings are not tied, and only where there are labels", () => {
    const other = defineHead({
      name: "other",
      labels: 2,
      parameters: ({ labels, hiddenSize, tieWordEmbeddings }) => [
        ...(labels > 0 ? linearParameters("scores", labels, hiddenSize) : []),
        ...(tieWordEmbeddings ? [] : linearParameters("words", 3, hiddenSize)),
        // In no module: nothing is said of it.
        { name: "weight", shape: [3, hiddenSize], role: "linear" },
      ],
      graph: (_builder, hidden) => ({ hidden }),
    });
    const { parameters } = compileLayout(turnedLayout, createLongformerSpec(sample({ tie_word_embeddings: false }), other));
    expect(parameters.filter(({ parameter }) => parameter.part === "head").map(({ name, transpose }) => [name, transpose])).toEqual([
      ["scores.weight", true],
      ["scores.bias", false],
      ["words.weight", true],
      ["words.bias", false],
      ["weight", false],
    ]);
  });

  test("a rule that the layout has for one of them stays", () => {
    const rules = [...plainLayout.rules, { from: "spans.scores.weight", to: "of_spans.w", transform: "transpose" as const }];
    expect(headNames({ ...plainLayout, rules })[0]).toEqual(["of_spans.w", [4, 3], true]);
  });
});

test("a layout that has rules for all of them, or for a standard head, is itself", () => {
  expect(layoutOfHead(plainLayout, "question-answering")).toBe(plainLayout);
  const whole = layoutOfHead(plainLayout, head);
  expect(layoutOfHead(whole, head)).toBe(whole);
  expect(whole.rules.slice(0, plainLayout.rules.length)).toEqual(plainLayout.rules);
});
