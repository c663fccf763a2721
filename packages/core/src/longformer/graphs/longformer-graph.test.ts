import { describe, expect, test } from "vitest";
import { parseLongformerConfig } from "../parse-config.ts";
import { heads } from "../head.ts";
import { publishedConfigs } from "../published-configs.ts";
import { createLongformerSpec } from "../spec.ts";
import { tinyConfig } from "../../testing/longformer-cases.ts";
import { longformerGraph } from "./longformer-graph.ts";

describe("longformerGraph", () => {
  for (const [name, config] of [
    ["tiny", tinyConfig],
    ["tiny, untied", { ...tinyConfig, tieWordEmbeddings: false }],
    ...Object.entries(publishedConfigs).map(([key, raw]) => [key, parseLongformerConfig(raw).config] as const),
  ] as const) {
    test.each(heads)(`has the parameters that the specification requires: ${name}, %s`, (head) => {
      const { parameters } = createLongformerSpec(config, head);
      const wanted = parameters
        .filter(({ need }) => need !== "unused")
        .map((parameter): [string, readonly number[]] => [parameter.name, parameter.shape]);
      // Untied, the decoder has a bias of its own and lm_head.bias is a leftover.
      const expected = new Map(config.tieWordEmbeddings ? wanted : wanted.filter(([parameter]) => parameter !== "lm_head.bias"));
      const graph = longformerGraph(config, head);
      expect(Object.fromEntries(graph.parameters.map((parameter) => [parameter.name, parameter.shape]))).toEqual(
        Object.fromEntries(expected),
      );
    });
  }

  test("has outputs under Hugging Face's names, typed", () => {
    const outputs = (head: (typeof heads)[number], options = {}): Record<string, string> => {
      const graph = longformerGraph(tinyConfig, head, options);
      const values = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output.name, String(output.shape)])));
      return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, values.get(value) ?? ""]));
    };
    expect(outputs("model")).toEqual({ last_hidden_state: "batch,sequence,24", pooler_output: "batch,24" });
    expect(outputs("model", { pooler: false })).toEqual({ last_hidden_state: "batch,sequence,24" });
    expect(outputs("question-answering")).toEqual({ start_logits: "batch,sequence", end_logits: "batch,sequence" });
    expect(outputs("masked-lm")).toEqual({ logits: "batch,sequence,50" });
    expect(outputs("sequence-classification", { labels: 4 })).toEqual({ logits: "batch,4" });
    expect(outputs("token-classification")).toEqual({ logits: "batch,sequence,2" });
    expect(outputs("multiple-choice")).toEqual({ logits: "batch,choices" });
    expect(outputs("token-classification", { layers: 1, hiddenStates: true, attentions: true })).toEqual({
      logits: "batch,sequence,2",
      "hidden_states.0": "batch,sequence,24",
      "hidden_states.1": "batch,sequence,24",
      "attentions.0": "batch,3,sequence,globals+3",
      "global_attentions.0": "batch,3,sequence,globals",
    });
  });

  test("has a window for each layer", () => {
    const windows = longformerGraph(tinyConfig, "model").nodes.flatMap(({ attributes }) => attributes.window ?? []);
    expect(windows).toEqual([2, 8, 4]);
  });

  test("has no window wider than all positions on each side: blocks of that size would be computed; probabilities have the shape they are asked for in", () => {
    const config = { ...tinyConfig, attentionWindow: [2, 2 ** 31 - 2, 2 * tinyConfig.maxPositions] };
    const windows = (attentions: boolean): readonly unknown[] =>
      longformerGraph(config, "model", { attentions }).nodes.flatMap(({ attributes }) => attributes.window ?? []);
    expect(windows(false)).toEqual([2, 2 * tinyConfig.maxPositions, 2 * tinyConfig.maxPositions]);
    expect(windows(true)).toEqual(config.attentionWindow);
  });

  test("refuses what cannot be", () => {
    expect(() => longformerGraph({ ...tinyConfig, labels: 3 }, "question-answering")).toThrow(
      expect.objectContaining({ code: "config-invalid" }),
    );
    expect(() => longformerGraph({ ...tinyConfig, hiddenActivation: "no-such-function" }, "model")).toThrow(
      /hidden_act "no-such-function"; Longspan can run gelu, /,
    );
    expect(() => longformerGraph({ ...tinyConfig, hiddenActivation: "constructor" }, "model")).toThrow(/hidden_act "constructor"/);
    expect(() => longformerGraph(tinyConfig, "model", { layers: 4 })).toThrow(/A trunk of 4 layers was asked for; the configuration has 3/);
  });
});
