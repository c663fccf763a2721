import {
  compileLayout,
  createLongformerSpec,
  type Layout,
  parseLayout,
  parseLongformerConfig,
  publishedConfigs,
} from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { paddleHfLayout } from "./paddle-hf.ts";
import { paddleNlpLayout } from "./paddle-nlp.ts";
import { paddleLayout } from "./paddle.ts";

type Row = readonly [canonical: string, shape: readonly number[], written: string, writtenShape: readonly number[]];

// longformer-base-4096, written out by hand: 768 wide, 3072 inside, 12 layers. N stands for the layer's number.
const embeddings: readonly Row[] = [
  ["embeddings.word_embeddings.weight", [50265, 768], "embeddings.word_embeddings.weight", [50265, 768]],
  ["embeddings.position_embeddings.weight", [4098, 768], "embeddings.position_embeddings.weight", [4098, 768]],
  ["embeddings.token_type_embeddings.weight", [1, 768], "embeddings.token_type_embeddings.weight", [1, 768]],
  ["embeddings.LayerNorm.weight", [768], "embeddings.layer_norm.weight", [768]],
  ["embeddings.LayerNorm.bias", [768], "embeddings.layer_norm.bias", [768]],
];
const pooler: readonly Row[] = [
  ["pooler.dense.weight", [768, 768], "pooler.dense.weight", [768, 768]],
  ["pooler.dense.bias", [768], "pooler.dense.bias", [768]],
];

const paddleLayer: readonly Row[] = [
  ["encoder.layer.N.attention.self.query.weight", [768, 768], "encoder.layers.N.self_attn.query.weight", [768, 768]],
  ["encoder.layer.N.attention.self.query.bias", [768], "encoder.layers.N.self_attn.query.bias", [768]],
  ["encoder.layer.N.attention.self.key.weight", [768, 768], "encoder.layers.N.self_attn.key.weight", [768, 768]],
  ["encoder.layer.N.attention.self.key.bias", [768], "encoder.layers.N.self_attn.key.bias", [768]],
  ["encoder.layer.N.attention.self.value.weight", [768, 768], "encoder.layers.N.self_attn.value.weight", [768, 768]],
  ["encoder.layer.N.attention.self.value.bias", [768], "encoder.layers.N.self_attn.value.bias", [768]],
  ["encoder.layer.N.attention.self.query_global.weight", [768, 768], "encoder.layers.N.self_attn.query_global.weight", [768, 768]],
  ["encoder.layer.N.attention.self.query_global.bias", [768], "encoder.layers.N.self_attn.query_global.bias", [768]],
  ["encoder.layer.N.attention.self.key_global.weight", [768, 768], "encoder.layers.N.self_attn.key_global.weight", [768, 768]],
  ["encoder.layer.N.attention.self.key_global.bias", [768], "encoder.layers.N.self_attn.key_global.bias", [768]],
  ["encoder.layer.N.attention.self.value_global.weight", [768, 768], "encoder.layers.N.self_attn.value_global.weight", [768, 768]],
  ["encoder.layer.N.attention.self.value_global.bias", [768], "encoder.layers.N.self_attn.value_global.bias", [768]],
  ["encoder.layer.N.attention.output.dense.weight", [768, 768], "encoder.layers.N.self_attn.out.weight", [768, 768]],
  ["encoder.layer.N.attention.output.dense.bias", [768], "encoder.layers.N.self_attn.out.bias", [768]],
  ["encoder.layer.N.attention.output.LayerNorm.weight", [768], "encoder.layers.N.norm1.weight", [768]],
  ["encoder.layer.N.attention.output.LayerNorm.bias", [768], "encoder.layers.N.norm1.bias", [768]],
  ["encoder.layer.N.intermediate.dense.weight", [3072, 768], "encoder.layers.N.linear1.weight", [768, 3072]],
  ["encoder.layer.N.intermediate.dense.bias", [3072], "encoder.layers.N.linear1.bias", [3072]],
  ["encoder.layer.N.output.dense.weight", [768, 3072], "encoder.layers.N.linear2.weight", [3072, 768]],
  ["encoder.layer.N.output.dense.bias", [768], "encoder.layers.N.linear2.bias", [768]],
  ["encoder.layer.N.output.LayerNorm.weight", [768], "encoder.layers.N.norm2.weight", [768]],
  ["encoder.layer.N.output.LayerNorm.bias", [768], "encoder.layers.N.norm2.bias", [768]],
];
const paddleHfLayer: readonly Row[] = [
  ["encoder.layer.N.attention.self.query.weight", [768, 768], "encoder.layer.N.attention.self.query.weight", [768, 768]],
  ["encoder.layer.N.attention.self.query.bias", [768], "encoder.layer.N.attention.self.query.bias", [768]],
  ["encoder.layer.N.attention.self.key.weight", [768, 768], "encoder.layer.N.attention.self.key.weight", [768, 768]],
  ["encoder.layer.N.attention.self.key.bias", [768], "encoder.layer.N.attention.self.key.bias", [768]],
  ["encoder.layer.N.attention.self.value.weight", [768, 768], "encoder.layer.N.attention.self.value.weight", [768, 768]],
  ["encoder.layer.N.attention.self.value.bias", [768], "encoder.layer.N.attention.self.value.bias", [768]],
  ["encoder.layer.N.attention.self.query_global.weight", [768, 768], "encoder.layer.N.attention.self.query_global.weight", [768, 768]],
  ["encoder.layer.N.attention.self.query_global.bias", [768], "encoder.layer.N.attention.self.query_global.bias", [768]],
  ["encoder.layer.N.attention.self.key_global.weight", [768, 768], "encoder.layer.N.attention.self.key_global.weight", [768, 768]],
  ["encoder.layer.N.attention.self.key_global.bias", [768], "encoder.layer.N.attention.self.key_global.bias", [768]],
  ["encoder.layer.N.attention.self.value_global.weight", [768, 768], "encoder.layer.N.attention.self.value_global.weight", [768, 768]],
  ["encoder.layer.N.attention.self.value_global.bias", [768], "encoder.layer.N.attention.self.value_global.bias", [768]],
  ["encoder.layer.N.attention.output.dense.weight", [768, 768], "encoder.layer.N.attention.output.dense.weight", [768, 768]],
  ["encoder.layer.N.attention.output.dense.bias", [768], "encoder.layer.N.attention.output.dense.bias", [768]],
  ["encoder.layer.N.attention.output.LayerNorm.weight", [768], "encoder.layer.N.attention.output.layer_norm.weight", [768]],
  ["encoder.layer.N.attention.output.LayerNorm.bias", [768], "encoder.layer.N.attention.output.layer_norm.bias", [768]],
  ["encoder.layer.N.intermediate.dense.weight", [3072, 768], "encoder.layer.N.intermediate.dense.weight", [768, 3072]],
  ["encoder.layer.N.intermediate.dense.bias", [3072], "encoder.layer.N.intermediate.dense.bias", [3072]],
  ["encoder.layer.N.output.dense.weight", [768, 3072], "encoder.layer.N.output.dense.weight", [3072, 768]],
  ["encoder.layer.N.output.dense.bias", [768], "encoder.layer.N.output.dense.bias", [768]],
  ["encoder.layer.N.output.LayerNorm.weight", [768], "encoder.layer.N.output.layer_norm.weight", [768]],
  ["encoder.layer.N.output.LayerNorm.bias", [768], "encoder.layer.N.output.layer_norm.bias", [768]],
];
const paddleNlpLayer: readonly Row[] = [
  ["encoder.layer.N.attention.self.query.weight", [768, 768], "encoder.layers.N.self_attn.q_proj.weight", [768, 768]],
  ["encoder.layer.N.attention.self.query.bias", [768], "encoder.layers.N.self_attn.q_proj.bias", [768]],
  ["encoder.layer.N.attention.self.key.weight", [768, 768], "encoder.layers.N.self_attn.k_proj.weight", [768, 768]],
  ["encoder.layer.N.attention.self.key.bias", [768], "encoder.layers.N.self_attn.k_proj.bias", [768]],
  ["encoder.layer.N.attention.self.value.weight", [768, 768], "encoder.layers.N.self_attn.v_proj.weight", [768, 768]],
  ["encoder.layer.N.attention.self.value.bias", [768], "encoder.layers.N.self_attn.v_proj.bias", [768]],
  ["encoder.layer.N.attention.self.query_global.weight", [768, 768], "encoder.layers.N.self_attn.q_proj_global.weight", [768, 768]],
  ["encoder.layer.N.attention.self.query_global.bias", [768], "encoder.layers.N.self_attn.q_proj_global.bias", [768]],
  ["encoder.layer.N.attention.self.key_global.weight", [768, 768], "encoder.layers.N.self_attn.k_proj_global.weight", [768, 768]],
  ["encoder.layer.N.attention.self.key_global.bias", [768], "encoder.layers.N.self_attn.k_proj_global.bias", [768]],
  ["encoder.layer.N.attention.self.value_global.weight", [768, 768], "encoder.layers.N.self_attn.v_proj_global.weight", [768, 768]],
  ["encoder.layer.N.attention.self.value_global.bias", [768], "encoder.layers.N.self_attn.v_proj_global.bias", [768]],
  ["encoder.layer.N.attention.output.dense.weight", [768, 768], "encoder.layers.N.self_attn.out_proj.weight", [768, 768]],
  ["encoder.layer.N.attention.output.dense.bias", [768], "encoder.layers.N.self_attn.out_proj.bias", [768]],
  ["encoder.layer.N.attention.output.LayerNorm.weight", [768], "encoder.layers.N.norm1.weight", [768]],
  ["encoder.layer.N.attention.output.LayerNorm.bias", [768], "encoder.layers.N.norm1.bias", [768]],
  ["encoder.layer.N.intermediate.dense.weight", [3072, 768], "encoder.layers.N.linear1.weight", [768, 3072]],
  ["encoder.layer.N.intermediate.dense.bias", [3072], "encoder.layers.N.linear1.bias", [3072]],
  ["encoder.layer.N.output.dense.weight", [768, 3072], "encoder.layers.N.linear2.weight", [3072, 768]],
  ["encoder.layer.N.output.dense.bias", [768], "encoder.layers.N.linear2.bias", [768]],
  ["encoder.layer.N.output.LayerNorm.weight", [768], "encoder.layers.N.norm2.weight", [768]],
  ["encoder.layer.N.output.LayerNorm.bias", [768], "encoder.layers.N.norm2.bias", [768]],
];

const sameHeads: Readonly<
  Record<"question-answering" | "masked-lm" | "sequence-classification" | "token-classification" | "multiple-choice", readonly Row[]>
> = {
  "question-answering": [
    ["qa_outputs.weight", [2, 768], "qa_outputs.weight", [768, 2]],
    ["qa_outputs.bias", [2], "qa_outputs.bias", [2]],
  ],
  "masked-lm": [
    ["lm_head.dense.weight", [768, 768], "lm_head.dense.weight", [768, 768]],
    ["lm_head.dense.bias", [768], "lm_head.dense.bias", [768]],
    ["lm_head.layer_norm.weight", [768], "lm_head.layer_norm.weight", [768]],
    ["lm_head.layer_norm.bias", [768], "lm_head.layer_norm.bias", [768]],
    ["lm_head.bias", [50265], "lm_head.bias", [50265]],
  ],
  "sequence-classification": [
    ["classifier.dense.weight", [768, 768], "classifier.dense.weight", [768, 768]],
    ["classifier.dense.bias", [768], "classifier.dense.bias", [768]],
    ["classifier.out_proj.weight", [3, 768], "classifier.out_proj.weight", [768, 3]],
    ["classifier.out_proj.bias", [3], "classifier.out_proj.bias", [3]],
  ],
  "token-classification": [
    ["classifier.weight", [3, 768], "classifier.weight", [768, 3]],
    ["classifier.bias", [3], "classifier.bias", [3]],
  ],
  "multiple-choice": [
    ["classifier.weight", [1, 768], "classifier.weight", [768, 1]],
    ["classifier.bias", [1], "classifier.bias", [1]],
  ],
};
const paddleNlpHeads: typeof sameHeads = {
  ...sameHeads,
  "question-answering": [
    ["qa_outputs.weight", [2, 768], "classifier.weight", [768, 2]],
    ["qa_outputs.bias", [2], "classifier.bias", [2]],
  ],
  "masked-lm": [
    ["lm_head.dense.weight", [768, 768], "lm_head.dense.weight", [768, 768]],
    ["lm_head.dense.bias", [768], "lm_head.dense.bias", [768]],
    ["lm_head.layer_norm.weight", [768], "lm_head.layer_norm.weight", [768]],
    ["lm_head.layer_norm.bias", [768], "lm_head.layer_norm.bias", [768]],
    ["lm_head.bias", [50265], "lm_head.decoder.bias", [50265]],
  ],
};

const layers = Array.from({ length: 12 }, (_, index) => index);
const raw = publishedConfigs["longformer-base-4096"];
const base = parseLongformerConfig(raw).config;
const withThreeLabels = parseLongformerConfig({
  ...raw,
  num_labels: 3,
  id2label: { 0: "a", 1: "b", 2: "c" },
  label2id: { a: 0, b: 1, c: 2 },
}).config;

interface Case {
  readonly layout: Layout;
  readonly layerRows: readonly Row[];
  readonly headRows: typeof sameHeads;
  readonly prefix: string;
}
const cases: readonly Case[] = [
  { layout: paddleLayout, layerRows: paddleLayer, headRows: sameHeads, prefix: "longformer." },
  { layout: paddleHfLayout, layerRows: paddleHfLayer, headRows: sameHeads, prefix: "longformer." },
  { layout: paddleNlpLayout, layerRows: paddleNlpLayer, headRows: paddleNlpHeads, prefix: "roberta." },
];

function trunkRows(layerRows: readonly Row[], prefix: string): Row[] {
  const numbered = layers.flatMap((layer) =>
    layerRows.map(([canonical, shape, written, writtenShape]): Row => [
      canonical.replace(".N.", `.${layer}.`),
      shape,
      written.replace(".N.", `.${layer}.`),
      writtenShape,
    ]),
  );
  return [...embeddings, ...numbered, ...pooler].map(([canonical, shape, written, writtenShape]) => [
    canonical,
    shape,
    prefix + written,
    writtenShape,
  ]);
}

describe.each(cases)("$layout.name, longformer-base-4096", ({ layout, layerRows, headRows, prefix }) => {
  test("writes the bare model under these 271 names, in these shapes, and transposes every linear weight, the square ones too", () => {
    const spec = createLongformerSpec(base, "model");
    const written = compileLayout(layout, spec).parameters;
    const rows = trunkRows(layerRows, "");
    expect(rows.length).toBe(5 + 22 * 12 + 2);
    expect(written.map(({ parameter, name, shape }) => [parameter.name, parameter.shape, name, shape])).toEqual(rows);
    const linear = written.filter(({ transpose }) => transpose).map(({ parameter }) => parameter.name);
    expect(linear).toEqual(
      rows
        .map(([canonical]) => canonical)
        .filter((name) => name.endsWith(".weight") && !name.startsWith("embeddings.") && !name.includes("LayerNorm")),
    );
  });

  test.each(Object.entries(headRows))("writes the head %s under these names, the trunk under its prefix", (name, rows) => {
    const head = name as keyof typeof sameHeads;
    const spec = createLongformerSpec(head.endsWith("classification") ? withThreeLabels : base, head);
    const written = compileLayout(layout, spec).parameters;
    expect(written.map(({ parameter, name: spelled, shape }) => [parameter.name, parameter.shape, spelled, shape])).toEqual([
      ...trunkRows(layerRows, prefix),
      ...rows,
    ]);
    const transposed = written
      .filter(({ parameter, transpose }) => parameter.part === "head" && transpose)
      .map(({ parameter }) => parameter.name);
    expect(transposed).toEqual(
      rows.map(([canonical]) => canonical).filter((canonical) => canonical.endsWith(".weight") && !canonical.includes("layer_norm")),
    );
  });

  test("drops the old buffer of position numbers, with a reason", () => {
    expect(parseLayout(layout).read(["embeddings", "position_ids"], "trunk")).toEqual([
      { kind: "drop", reason: expect.stringContaining("buffer") as string },
    ]);
  });

  test("reads the normalization of the embeddings under torch's spelling too", () => {
    expect(parseLayout(layout).read(["embeddings", "LayerNorm", "bias"], "trunk")).toMatchObject([
      { kind: "parameter", canonicalName: "embeddings.LayerNorm.bias", transpose: false },
    ]);
  });

  test("knows nothing of names that merely contain or extend its own", () => {
    for (const name of [
      "my.embeddings.word_embeddings.weight.more",
      "encoder.layers.00.norm1.weight",
      "encoder.layers.-1.norm1.weight",
      "encoder.layer.0.attention.output.dense.weight.T",
    ]) {
      expect(parseLayout(layout).read(name.split("."), "trunk")).toEqual([]);
    }
  });
});
