import { describe, expect, test } from "vitest";
import type { Layout } from "../adapter/layout.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { inLayout, parseLayout } from "./parse-layout.ts";

const layout: Layout = {
  name: "mine",
  trunkPrefix: "body.",
  rules: [
    { from: "embeddings.word_embeddings.weight", to: "words" },
    { from: "encoder.layer.{i}.output.dense.{k:weight|bias}", to: "layers.{i}.out.{k:w|b}" },
    { from: "pooler.dense.weight", to: "pool.w", transform: "transpose" },
    { from: "qa_outputs.weight", to: "spans.w", transform: "transpose" },
  ],
  accepts: [
    { from: "pooler.dense.weight", to: "pooling.w" },
    { from: "qa_outputs.weight", to: "spans.w" },
  ],
  drops: [
    { name: "old.{i}", reason: "a buffer" },
    { name: "words", reason: "never asked" },
  ],
  adds: [
    { name: "decoder", copyOf: "embeddings.word_embeddings.weight", transform: "transpose", reason: "tied" },
    { name: "embeddings.again.here", copyOf: "embeddings.word_embeddings.weight", reason: "twice" },
  ],
};
const parsed = parseLayout(layout);
const read = (name: string, part: "trunk" | "head"): unknown => parsed.read(name.split("."), part);

describe("what a name is", () => {
  test("a parameter, by a rule of its part of the model alone", () => {
    expect(read("words", "trunk")).toEqual([
      { kind: "parameter", canonicalName: "embeddings.word_embeddings.weight", transpose: false, accepted: false },
    ]);
    expect(read("words", "head")).toEqual([{ kind: "drop", reason: "never asked" }]);
    expect(read("layers.7.out.b", "trunk")).toEqual([
      { kind: "parameter", canonicalName: "encoder.layer.7.output.dense.bias", transpose: false, accepted: false },
    ]);
    expect(read("spans.w", "trunk")).toEqual([]);
  });

  test("turned where its rule says so; by another spelling where that is only read", () => {
    expect(read("pool.w", "trunk")).toEqual([
      { kind: "parameter", canonicalName: "pooler.dense.weight", transpose: true, accepted: false },
    ]);
    expect(read("pooling.w", "trunk")).toEqual([
      { kind: "parameter", canonicalName: "pooler.dense.weight", transpose: false, accepted: true },
    ]);
  });

  test("a parameter once, as the rule that is written has it, where another spelling is the same text", () => {
    expect(read("spans.w", "head")).toEqual([{ kind: "parameter", canonicalName: "qa_outputs.weight", transpose: true, accepted: false }]);
  });

  test("a second name, where its own name says", () => {
    expect(read("decoder", "head")).toEqual([
      { kind: "alias", canonicalName: "embeddings.word_embeddings.weight", transpose: true, part: "head", reason: "tied" },
    ]);
    expect(read("decoder", "trunk")).toEqual([]);
    expect(read("embeddings.again.here", "trunk")).toEqual([
      { kind: "alias", canonicalName: "embeddings.word_embeddings.weight", transpose: false, part: "trunk", reason: "twice" },
    ]);
    expect(read("embeddings.again.here", "head")).toEqual([]);
  });

  test("left out, where it is nothing else", () => {
    expect(read("old.3", "trunk")).toEqual([{ kind: "drop", reason: "a buffer" }]);
    expect(read("old.x", "trunk")).toEqual([]);
    expect(read("new", "head")).toEqual([]);
  });
});

test("which names are a trunk's, and how deep names are", () => {
  expect(parsed.knowsTrunkName(["words"])).toBe(true);
  expect(parsed.knowsTrunkName(["spans", "w"])).toBe(false);
  expect(parsed.knowsTrunkName(["decoder"])).toBe(false);
  expect(parsed.trunkDepths.toSorted((one, other) => one - other)).toEqual([1, 2, 4]);
  expect(parsed.headDepths.toSorted((one, other) => one - other)).toEqual([1, 2]);
  expect([parsed.trunkPrefix, parseLayout({ name: "none", rules: [] }).trunkPrefix]).toEqual(["body.", ""]);
});

test("a rule that is wrong is told with its layout's name, and stays the cause", () => {
  const wrong: Layout = { name: "bad", rules: [{ from: "a.{i}", to: "b" }] };
  expect(() => parseLayout(wrong)).toThrow(
    expect.objectContaining({
      code: "layout-invalid",
      message: expect.stringMatching(/^Layout "bad": Rule "a\.\{i\}" → "b"/),
      details: { from: "a.{i}", to: "b", layout: "bad" },
      cause: expect.objectContaining({ code: "layout-invalid" }),
    }),
  );
});

test.each([new TypeError("a bug"), new LongspanError("aborted", "It was aborted.")])(
  "an error of another kind passes as it is: %s",
  (error) => {
    expect(() =>
      inLayout(layout, () => {
        throw error;
      }),
    ).toThrow(error);
  },
);
