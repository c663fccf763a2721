import { expect, test } from "vitest";
import { rawAdapter, rawModel } from "../../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig, turnedLayout } from "../../../test/sample-model.ts";
import { memoryFileSet } from "../../bytes/memory-file-set.ts";
import type { Checkpoint } from "../../checkpoint/checkpoint.ts";
import { heads, type Head } from "../../longformer/head.ts";
import { createLongformerSpec } from "../../longformer/spec.ts";
import { compileLayout } from "../../rules/compile-layout.ts";
import { createConverter } from "../create-converter.ts";
import type { OpenOptions } from "../open-checkpoint.ts";

const converter = createConverter({ adapters: [rawAdapter([plainLayout, turnedLayout])] });
const { attention_window: _windows, ...withoutWindows } = sampleConfig;
const robertaConfig: Readonly<Record<string, unknown>> = { ...withoutWindows, model_type: "roberta" };
const extend = { maxLength: 24, window: [4, 8] };

/** A RoBERTa's names and shapes in a layout: those of a Longformer without its global projections. */
function robertaTensors(head: Head, layout = plainLayout): { name: string; shape: readonly number[] }[] {
  return compileLayout(layout, createLongformerSpec(sample(), head))
    .parameters.filter(({ parameter }) => !parameter.name.includes("_global."))
    .map(({ name, shape }) => ({ name, shape }));
}

async function open(file: Uint8Array, options: Omit<OpenOptions, "adapters"> = {}, config: unknown = robertaConfig): Promise<Checkpoint> {
  const files = memoryFileSet("folder", { "model.raw": file, "config.json": new TextEncoder().encode(JSON.stringify(config)) });
  return converter.open({ files }, options);
}

async function values(checkpoint: Checkpoint, name: string): Promise<unknown> {
  return (await checkpoint.weights().get(name)?.read())?.data;
}

test.each(heads.flatMap((head) => [plainLayout, turnedLayout].map((layout) => [head, layout] as const)))(
  "the head %s: the global projections are the local ones, positions go on, all else stays",
  async (head, layout) => {
    const file = rawModel(robertaTensors(head, layout));
    const longformer = await open(file, { head, extend });
    expect(longformer).toMatchObject({ problem: undefined, head, layout: layout.name, extension: { sourceLength: 8, maxLength: 24 } });
    const local = await values(longformer, "encoder.layer.1.attention.self.key.weight");
    expect(local).toBeDefined();
    expect(await values(longformer, "encoder.layer.1.attention.self.key_global.weight")).toEqual(local);
    expect(longformer.weights().get("embeddings.position_embeddings.weight")?.shape).toEqual([26, 4]);
    expect(longformer.config?.attentionWindow).toEqual([4, 8]);
    const plan = converter.plan(longformer, { target: "plain" });
    expect(plan).toMatchObject({ problem: undefined, missing: [], unexpected: [], alreadyConverted: false });
  },
);

test("rows before the first position are as many as padding's id says", async () => {
  const file = rawModel(robertaTensors("model"));
  const longformer = await open(file, { extend: { maxLength: 32, window: 8 } }, { ...robertaConfig, pad_token_id: 0 });
  expect(longformer).toMatchObject({ problem: undefined, extension: { sourceLength: 9, reservedPositions: 1 } });
  expect(longformer.config?.maxPositions).toBe(33);
});

test("of two RoBERTas in one file none is taken silently", async () => {
  const file = rawModel(
    ["query.", "passage."].flatMap((prefix) => robertaTensors("model").map(({ name, shape }) => ({ name: prefix + name, shape }))),
  );
  expect((await open(file, { extend })).problem).toMatchObject({ code: "ambiguous-format", message: expect.stringContaining("--prefix") });
  expect(await open(file, { extend, prefix: "passage." })).toMatchObject({ problem: undefined, prefix: "passage." });
});

test("an adapter over a base is not extended", async () => {
  const base = { files: memoryFileSet("base", {}) };
  await expect(open(rawModel(robertaTensors("model")), { extend, base })).rejects.toMatchObject({
    code: "argument-invalid",
    message: expect.stringContaining("merge_and_unload"),
  });
});

test("names that are nobody's, and no model at all, are refused as ever", async () => {
  expect((await open(rawModel([{ name: "a.weight", shape: [2, 2] }]), { extend })).problem).toMatchObject({ code: "not-a-longformer" });
});

test("a BERT is told apart by its prefix, without a word of what it cannot become", async () => {
  const named = (prefix: string): Uint8Array =>
    rawModel(robertaTensors("model").map(({ name, shape }) => ({ name: prefix + name, shape })));
  expect((await open(named("bert."))).problem?.message).toMatch(/RoBERTa, XLM-R and CamemBERT only/);
  expect((await open(named("roberta."))).problem?.message).toMatch(/longspan extend/);
  expect((await open(named("bert."), { extend }, { ...robertaConfig, model_type: "bert" })).problem?.message).toMatch(/positions from 0/);
});
