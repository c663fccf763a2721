import { describe, expect, test } from "vitest";
import { plainLayout, sample, turnedLayout } from "../../test/sample-model.ts";
import type { Layout, Rule } from "../adapter/layout.ts";
import { heads } from "../longformer/head.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "./compile-layout.ts";
import { parseLayout } from "./parse-layout.ts";

describe.each(heads)("head %s", (head) => {
  const spec = createLongformerSpec(sample(), head);

  test.each([plainLayout, turnedLayout])("layout $name is a bijection whose inverse is exact", (layout) => {
    const compiled = compileLayout(layout, spec);
    expect(compiled.parameters.map(({ parameter }) => parameter.name)).toEqual(spec.parameters.map(({ name }) => name));
    expect(new Set(compiled.parameters.map(({ name }) => name)).size).toBe(spec.parameters.length);
    for (const written of compiled.parameters) {
      expect(compiled.ofWritten(written.name)).toBe(written);
      expect(compiled.ofCanonical(written.parameter.name)).toBe(written);
      expect(written.shape).toEqual(written.transpose ? written.parameter.shape.toReversed() : written.parameter.shape);
    }
  });

  test("the trunk is prefixed beside a head only", () => {
    const name = compileLayout(plainLayout, spec).ofCanonical("embeddings.LayerNorm.bias")?.name;
    expect(name).toBe(head === "model" ? "embeddings.LayerNorm.bias" : "longformer.embeddings.LayerNorm.bias");
    const always = compileLayout({ ...plainLayout, prefixesBareTrunk: true }, spec).ofCanonical("embeddings.LayerNorm.bias")?.name;
    expect(always).toBe("longformer.embeddings.LayerNorm.bias");
  });

  test("a tied name is written beside the head it belongs to only", () => {
    const names = compileLayout(plainLayout, spec).aliases.map((alias) => alias.name);
    expect(names).toEqual(head === "masked-lm" ? ["lm_head.decoder.weight"] : []);
  });
});

const refused = (message: RegExp): unknown => expect.objectContaining({ code: "layout-invalid", message: expect.stringMatching(message) });

describe("a layout that is no bijection is refused, naming the rules and the parameter", () => {
  const spec = createLongformerSpec(sample(), "model");
  const changed = (change: (rules: readonly Rule[]) => readonly Rule[], more: Partial<Layout> = {}): Layout => ({
    ...plainLayout,
    ...more,
    name: "bad",
    rules: change(plainLayout.rules),
  });

  test("a parameter without a rule", () => {
    const layout = changed((rules) => rules.filter(({ from }) => !from.startsWith("embeddings.LayerNorm")));
    expect(() => compileLayout(layout, spec)).toThrow(
      refused(/^Layout "bad": no rule covers the parameter "embeddings\.LayerNorm\.weight"/),
    );
  });

  test("two rules for one parameter", () => {
    const layout = changed((rules) => [
      ...rules,
      { from: "encoder.layer.{i}.output.dense.{k:weight|bias}", to: "other.{i}.{k:weight|bias}" },
    ]);
    expect(() => compileLayout(layout, spec)).toThrow(refused(/both claim the parameter "encoder\.layer\.0\.output\.dense\.weight"/));
  });

  test("two parameters with one name", () => {
    const layout = changed((rules) =>
      rules.map((rule) => (rule.from === "pooler.dense.bias" ? { from: rule.from, to: "embeddings.word_embeddings.weight" } : rule)),
    );
    expect(() => compileLayout(layout, spec)).toThrow(refused(/both write "embeddings\.word_embeddings\.weight", for the parameters/));
  });

  test("another spelling that reads a written name as something else", () => {
    const layout = changed((rules) => rules, { accepts: [{ from: "pooler.dense.bias", to: "embeddings.LayerNorm.bias" }] });
    expect(() => compileLayout(layout, spec)).toThrow(refused(/another spelling reads it as "pooler\.dense\.bias"/));
  });

  test("another spelling with another orientation", () => {
    const layout = changed((rules) => rules, {
      accepts: [{ from: "pooler.dense.weight", to: "pooler.dense.weight", transform: "transpose" }],
    });
    expect(() => compileLayout(layout, spec)).not.toThrow();
    const turned = changed((rules) => rules, {
      accepts: [
        { from: "encoder.layer.{i}.output.dense.weight", to: "encoder.layer.{i}.intermediate.dense.weight", transform: "transpose" },
      ],
    });
    expect(() => compileLayout(turned, spec)).toThrow(refused(/another orientation/));
  });

  test("another spelling of one layer that turns what is written for it", () => {
    const layer: Rule = { from: "encoder.layer.0.output.dense.weight", to: "encoder.layer.0.output.dense.weight", transform: "transpose" };
    expect(() =>
      compileLayout(
        changed((rules) => rules, { accepts: [layer] }),
        spec,
      ),
    ).toThrow(refused(/reads it as "encoder\.layer\.0\.output\.dense\.weight" with another orientation/));
    expect(() =>
      compileLayout(
        changed((rules) => rules, { accepts: [{ from: layer.from, to: layer.to }] }),
        spec,
      ),
    ).not.toThrow();
  });

  test.each([
    ["pooler.dense.bias", "embeddings.LayerNorm.bias"],
    ["lm_head.bias", "lm_head.layer_norm.bias"],
  ])("another spelling, beside a head: %s as %s", (from, to) => {
    const layout = changed((rules) => rules, { accepts: [{ from, to }] });
    expect(() => compileLayout(layout, createLongformerSpec(sample(), "masked-lm"))).toThrow(refused(/another spelling reads it as/));
  });

  test("another spelling of what this model has not contradicts nothing", () => {
    const layout = changed((rules) => rules, { accepts: [{ from: "encoder.layer.7.output.dense.bias", to: "embeddings.LayerNorm.bias" }] });
    expect(() => compileLayout(layout, spec)).not.toThrow();
  });

  test("a transposed vector", () => {
    const layout = changed((rules) =>
      rules.map((rule) => (rule.from === "pooler.dense.bias" ? { ...rule, transform: "transpose" as const } : rule)),
    );
    expect(() => compileLayout(layout, spec)).toThrow(refused(/transposes "pooler\.dense\.bias", which is no matrix/));
  });
});

test("one spelling of two heads' parameters is read as both, and proved for each head apart", () => {
  const layout: Layout = {
    ...plainLayout,
    name: "shared",
    rules: plainLayout.rules.map((rule) =>
      rule.from.startsWith("qa_outputs") ? { ...rule, to: rule.to.replace("qa_outputs", "classifier") } : rule,
    ),
  };
  expect(parseLayout(layout).read(["classifier", "weight"], "head")).toHaveLength(2);
  for (const head of heads) expect(() => compileLayout(layout, createLongformerSpec(sample(), head))).not.toThrow();
});

describe("second names", () => {
  const adds = (head: "model" | "masked-lm" | "token-classification", list: NonNullable<Layout["adds"]>): unknown =>
    compileLayout({ ...plainLayout, adds: list }, createLongformerSpec(sample(), head)).aliases;
  const words = { copyOf: "embeddings.word_embeddings.weight", reason: "tied" };

  test("of the trunk stand behind its prefix, those of a head beside it", () => {
    expect(adds("masked-lm", [{ name: "embeddings.twin.weight", ...words }])).toEqual([
      { name: "longformer.embeddings.twin.weight", of: words.copyOf, reason: "tied" },
    ]);
    expect(adds("model", [{ name: "embeddings.twin.weight", ...words }])).toEqual([
      { name: "embeddings.twin.weight", of: words.copyOf, reason: "tied" },
    ]);
    expect(adds("masked-lm", [{ name: "lm_head.twin.weight", ...words }])).toEqual([
      { name: "lm_head.twin.weight", of: words.copyOf, reason: "tied" },
    ]);
  });

  test("are none where the head, or the parameter, is not there, where they are transposed, and where they are a parameter's own", () => {
    expect(adds("token-classification", [{ name: "lm_head.twin.weight", ...words }])).toEqual([]);
    expect(adds("masked-lm", [{ name: "lm_head.twin.weight", copyOf: "classifier.weight", reason: "tied" }])).toEqual([]);
    expect(adds("masked-lm", [{ name: "lm_head.twin.weight", ...words, transform: "transpose" }])).toEqual([]);
    expect(adds("masked-lm", [{ name: "lm_head.dense.weight", ...words }])).toEqual([]);
    expect(adds("token-classification", [{ name: "cls.twin.weight", ...words }])).toEqual([]);
    const turned = compileLayout({ ...turnedLayout, adds: [{ name: "layers.twin", ...words }] }, createLongformerSpec(sample(), "model"));
    expect(turned.aliases).toEqual([]);
    expect(compileLayout({ name: "bare", rules: plainLayout.rules }, createLongformerSpec(sample(), "model")).aliases).toEqual([]);
  });

  test("of another parameter's own name do not contradict it", () => {
    expect(() => adds("masked-lm", [{ name: "lm_head.bias", copyOf: "lm_head.layer_norm.bias", reason: "twin" }])).not.toThrow();
  });
});

test("names that are none of the layout's are nobody's", () => {
  const compiled = compileLayout(plainLayout, createLongformerSpec(sample(), "model"));
  expect(compiled.ofCanonical("qa_outputs.weight")).toBeUndefined();
  expect(compiled.ofWritten("longformer.embeddings.LayerNorm.bias")).toBeUndefined();
  expect(compiled).toMatchObject({ layout: plainLayout, spec: { head: "model" } });
});
