import { describe, expect, test } from "vitest";
import { type Checkpoint, type FileSet, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import type { Layout } from "@longspan/core/adapter";
import { huggingFaceLayout } from "@longspan/adapter-torch";
import { readFixture, readJsonFixture } from "../read-fixture.ts";
import { converter, differences, openRoberta, recorded, recordedCases } from "./recorded.ts";

const cases = [...(await recordedCases("grafts")), ...(await recordedCases("extended"))];
const allowed = 1e-5;
const worst = (found: Readonly<Record<string, number>>): number => Math.max(...Object.values(found));

/** Hugging Face's names, but for the attention's. */
const wrapped: Layout = {
  ...huggingFaceLayout(),
  name: "wrapped",
  rules: huggingFaceLayout().rules.map(({ from, to }) => ({
    from,
    to: to.replace("attention.self.{", "attention.self.longformer_self_attn.{"),
  })),
  accepts: [],
};

describe("a RoBERTa with Longformer's attention gives what it gives in torch", () => {
  test("for all heads and three families", () => {
    expect(new Set(cases.map(({ head }) => head)).size).toBe(6);
    expect(new Set(cases.map(({ model }) => /\/(\w+)-/.exec(model)?.[1]))).toEqual(new Set(["roberta", "xlm", "camembert"]));
  });

  test.each(cases)("$model, $case", async ({ model, head, case: name, file }) => {
    await using graft = await openRoberta(model);
    expect(graft).toMatchObject({ head, problem: undefined });
    const { inputs, outputs } = await recorded(`roberta/outputs/${file}.safetensors`, name);
    expect(Object.keys(outputs).length).toBeGreaterThan(0);
    expect(worst(await differences(graft, inputs, outputs))).toBeLessThanOrEqual(allowed);
  });

  test.each(["length-8", "length-24", "length-40", "padded", "globals"])("the notebook's own release, %s", async (name) => {
    await using graft = await openRoberta("notebook/extended");
    const { inputs, outputs } = await recorded("roberta/notebook/outputs.safetensors", name);
    expect(worst(await differences(graft, inputs, outputs))).toBeLessThanOrEqual(allowed);
  });

  test("whose attention is a module inside RoBERTa's own", async () => {
    await using graft = await openRoberta("grafts/roberta-model");
    const sink = memoryDirectorySink("renamed");
    await converter.convert(converter.plan(graft, { target: "hf", layout: wrapped }), { sink, fileName: "model.safetensors" });
    const config = await configOf("grafts/roberta-model");
    await using renamed = await converter.open({ files: memoryFileSet("renamed", sink.files) }, { config });
    expect(renamed).toMatchObject({ problem: undefined, head: "model" });
    expect(renamed.tensors.map(({ sourceName }) => sourceName)).toContain(
      "encoder.layer.1.attention.self.longformer_self_attn.key_global.weight",
    );
    expect((await converter.verify(graft, renamed)).equal).toBe(true);
  });

  test("inside a Lightning checkpoint, with and without the config.json beside it", async () => {
    await using file = await openRoberta("grafts/roberta-question-answering");
    await using module = await openRoberta("grafts/lightning-question-answering");
    expect(module).toMatchObject({ prefix: "model.roberta.", head: "question-answering", problem: undefined });
    expect((await converter.verify(file, module)).equal).toBe(true);
    const bytes = await readFixture("roberta/grafts/lightning-question-answering/last.ckpt");
    await using alone = await converter.open({ files: memoryFileSet("alone", { "last.ckpt": bytes }), fileName: "last.ckpt" });
    expect(alone).toMatchObject({ problem: undefined, config: { attentionWindow: [4, 8] } });
  });
});

describe("converting a graft", () => {
  const targets = ["hf", "torch", "torch-legacy", "lightning", "paddle", "paddle-safetensors", "tensorflow"];

  test.each(targets)("to %s: the copy is a Longformer that gives the same", async (target) => {
    for (const model of ["grafts/roberta-question-answering", "grafts/roberta-masked-lm", "grafts/xlm-roberta-sequence-classification"]) {
      await using graft = await openRoberta(model);
      const sink = memoryDirectorySink("copy");
      await converter.convert(converter.plan(graft, { target }), { sink });
      await using copy = await converter.open({ files: memoryFileSet("copy", sink.files) });
      expect(copy).toMatchObject({ head: graft.head, problem: undefined });
      expect(copy.warnings.join()).not.toContain("roberta");
      expect((await converter.verify(graft, copy)).equal).toBe(true);
      const { file } = cases.find((one) => one.model === model) ?? { file: "" };
      const { inputs, outputs } = await recorded(`roberta/outputs/${file}.safetensors`, "padded");
      expect(worst(await differences(copy, inputs, outputs))).toBeLessThanOrEqual(allowed);
    }
  });

  test("the configuration becomes a Longformer's, says what cannot be seen, and keeps the rest", async () => {
    await using graft = await openRoberta("grafts/xlm-roberta-sequence-classification");
    const { config, warnings } = converter.plan(graft, { target: "hf" });
    expect(config).toMatchObject({
      model_type: "longformer",
      architectures: ["LongformerForSequenceClassification"],
      attention_window: [4, 8],
      max_position_embeddings: 42,
      pad_token_id: 1,
      sep_token_id: 2,
      // transformers took it from the model type; it would take RoBERTa's for a Longformer.
      tokenizer_class: "XLMRobertaTokenizer",
      longspan: { globalAttention: "none" },
      longspan_unknown_key: { list: [1, 2.5, null, true] },
    });
    expect(warnings.join("\n")).toMatch(/model_type "xlm-roberta".*taken as the Longformer/);
    expect(warnings.join("\n")).toMatch(/global_attention_mask, of zeros/);
  });

  test("heads that have no global tokens of their own need no word of it", async () => {
    await using graft = await openRoberta("grafts/roberta-masked-lm");
    expect(converter.plan(graft, { target: "hf" }).config).not.toHaveProperty("longspan");
    expect(graft.warnings).toHaveLength(1);
  });

  test("a word of the user's on global tokens stands", async () => {
    const config = { ...(await configOf("grafts/roberta-question-answering")), longspan: { globalAttention: "head" } };
    await using graft = await openRoberta("grafts/roberta-question-answering", { config });
    expect(graft.config?.source.longspan).toEqual({ globalAttention: "head" });
  });
});

async function configOf(model: string): Promise<Readonly<Record<string, unknown>>> {
  return { ...((await readJsonFixture(`roberta/${model}/config.json`)) as object) };
}

describe("windows are never guessed", () => {
  const model = "grafts/roberta-masked-lm";
  const withConfig = async (changes: Readonly<Record<string, unknown>>, window?: number | readonly number[]): Promise<Checkpoint> =>
    openRoberta(model, { config: { ...(await configOf(model)), ...changes }, window });

  test("without any, the way out is said", async () => {
    for (const missing of [undefined, null]) {
      await using graft = await withConfig({ attention_window: missing });
      expect(graft.problem).toMatchObject({ code: "config-missing", message: expect.stringContaining("--window") });
    }
  });

  test("nor is Longformer's default taken for a model that has a RoBERTa's names and a configuration that says little", async () => {
    await using graft = await withConfig({ attention_window: undefined, model_type: undefined });
    expect(graft.problem).toMatchObject({ code: "config-missing", message: expect.stringContaining("--window") });
    await using said = await withConfig({ attention_window: undefined, model_type: undefined }, [4, 8]);
    expect(said.problem).toBeUndefined();
  });

  test("the given ones stand, for all layers or for each, also over the configuration's", async () => {
    await using none = await withConfig({ attention_window: undefined }, [4, 8]);
    const { inputs, outputs } = await recorded("roberta/outputs/graft-roberta-masked-lm.safetensors", "length-16");
    expect(worst(await differences(none, inputs, outputs))).toBeLessThanOrEqual(allowed);
    await using other = await withConfig({}, 8);
    expect(other.config?.attentionWindow).toEqual([8, 8]);
    expect(worst(await differences(other, inputs, outputs))).toBeGreaterThan(1e-3);
    expect(converter.plan(other, { target: "hf" }).config.attention_window).toEqual([8, 8]);
  });

  test.each([[7], [0], [-4], [2.5], [[4, 8, 8]], [[4, 7]], [[]]])("the window %j is refused by name", async (window) => {
    await using graft = await withConfig({}, window);
    expect(graft.problem).toMatchObject({ code: "argument-invalid", message: expect.stringContaining("--window") });
  });

  test("they win over a Longformer's own, too, which is said", async () => {
    const files = await folderOf("huggingface/masked-lm", ["config.json", "model.safetensors"]);
    await using longformer = await converter.open({ files }, { window: 16 });
    expect(longformer).toMatchObject({ problem: undefined, config: { attentionWindow: [16, 16] } });
    expect(longformer.warnings.join()).toContain("attention_window [4,8]; the given 16");
  });
});

async function folderOf(folder: string, names: readonly string[]): Promise<FileSet> {
  return memoryFileSet(
    folder,
    Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFixture(`${folder}/${name}`)] as const))),
  );
}

describe("what cannot be a Longformer is refused with the reason", () => {
  test("a BERT with Longformer's attention: other positions, another head", async () => {
    await using bert = await openRoberta("grafts/bert-masked-lm");
    expect(bert.problem).toMatchObject({ code: "not-a-longformer" });
    expect(bert.problem?.message).toMatch(/model_type "bert".*positions from 0.*cls\.predictions.*longspan extend/s);
  });

  test.each(["electra", "deberta-v2", "albert", "xlm-roberta-xl", "camembertv2", "t5"])("model type %s", async (modelType) => {
    const config = { ...(await configOf("grafts/roberta-model")), model_type: modelType };
    await using graft = await openRoberta("grafts/roberta-model", { config });
    expect(graft.problem).toMatchObject({ code: "not-a-longformer", message: expect.stringContaining(`"${modelType}"`) });
  });

  test.each([{ is_decoder: true }, { add_cross_attention: true }, { position_embedding_type: "relative_key" }])("%j", async (changes) => {
    await using graft = await openRoberta("grafts/roberta-model", { config: { ...(await configOf("grafts/roberta-model")), ...changes } });
    expect(graft.problem).toMatchObject({ code: "unsupported", message: expect.stringContaining(Object.keys(changes)[0] ?? "") });
  });
});
