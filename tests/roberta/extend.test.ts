import { describe, expect, test } from "vitest";
import { type Checkpoint, type ExtendOptions, memoryDirectorySink, memoryFileSet, type OpenOptions, type Tensor } from "@longspan/core";
import { readFixture, readJsonFixture } from "../read-fixture.ts";
import { converter, differences, openRoberta, recorded, recordedCases } from "./recorded.ts";

const allowed = 1e-5;
const worst = (found: Readonly<Record<string, number>>): number => Math.max(...Object.values(found));

/** A plain model, what the recipe made of it in torch, and with what. */
const recipes: readonly { readonly plain: string; readonly extended: string; readonly options: ExtendOptions }[] = [
  { plain: "plain/roberta-masked-lm", extended: "extended/roberta-masked-lm", options: { maxLength: 48, window: 16 } },
  {
    plain: "plain/xlm-roberta-question-answering",
    extended: "extended/xlm-roberta-question-answering",
    options: { maxLength: 80, window: 40 },
  },
  { plain: "notebook/source", extended: "notebook/extended", options: { maxLength: 40, window: 8 } },
];

async function written(checkpoint: Checkpoint, target: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const sink = memoryDirectorySink("out");
  await converter.convert(converter.plan(checkpoint, { target }), { sink });
  return sink.files;
}

function json(bytes: Uint8Array | undefined): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
}

const plainCases = await recordedCases("plain");

describe("extending makes what the recipe makes in torch", () => {
  test.each(recipes)("$extended: every bit", async ({ plain, extended, options }) => {
    await using longformer = await openRoberta(plain, { extend: options });
    await using recipe = await openRoberta(extended);
    expect(longformer).toMatchObject({ problem: undefined, head: recipe.head });
    expect(await converter.verify(longformer, recipe)).toMatchObject({ equal: true, differing: 0, onlyInA: [], onlyInB: [] });
    const { config } = longformer;
    expect(config).toEqual({ ...recipe.config, source: expect.anything() });
  });

  test.each(recipes.slice(0, 2))("$extended: the configuration and the tokenizer's settings", async ({ plain, extended, options }) => {
    await using longformer = await openRoberta(plain, { extend: options });
    await using recipe = await openRoberta(extended);
    const files = await written(longformer, "hf");
    const { longspan: _policy, ...config } = converter.plan(recipe, { target: "hf" }).config;
    expect(json(files.get("config.json"))).toEqual(config);
    expect(json(files.get("tokenizer_config.json"))).toEqual(await readJsonFixture(`roberta/${extended}/tokenizer_config.json`));
    expect(files.get("tokenizer.json")).toEqual(await readFixture(`roberta/${extended}/tokenizer.json`));
  });

  test.each(plainCases)("$model, $case: short texts give RoBERTa's own hidden states", async ({ model, case: name, file }) => {
    const options = recipes.find(({ plain }) => plain === model)?.options ?? { maxLength: 0, window: 0 };
    await using longformer = await openRoberta(model, { extend: options });
    const { inputs, outputs } = await recorded(`roberta/outputs/${file}.safetensors`, name);
    expect(Object.keys(outputs)).toContain("hidden_states.2");
    // At padding RoBERTa looks at the text, a Longformer at nothing; there nobody reads.
    expect(worst(await differences(longformer, inputs, outputs, inputs.attention_mask))).toBeLessThanOrEqual(allowed);
  });

  test("with global tokens, too, since their projections are copies", async () => {
    const { plain, options } = recipes[0] ?? { plain: "", options: { maxLength: 0, window: 0 } };
    await using longformer = await openRoberta(plain, { extend: options });
    const { inputs, outputs } = await recorded("roberta/outputs/plain-roberta-masked-lm.safetensors", "short-9");
    const { input_ids: ids } = inputs;
    if (ids === undefined) throw new Error("no ids");
    const globals = { ...ids, data: BigInt64Array.from({ length: ids.data.length }, (_, index) => BigInt(index % 2)) } as Tensor;
    expect(worst(await differences(longformer, { ...inputs, global_attention_mask: globals }, outputs))).toBeLessThanOrEqual(allowed);
  });

  const targets = ["hf", "torch", "torch-legacy", "lightning", "paddle", "paddle-safetensors", "tensorflow"];
  test.each(targets)("into %s, which holds each tensor on its own", async (target) => {
    const { plain, extended, options } = recipes[0] ?? { plain: "", extended: "", options: { maxLength: 0, window: 0 } };
    await using longformer = await openRoberta(plain, { extend: options });
    await using recipe = await openRoberta(extended);
    await using copy = await converter.open({ files: memoryFileSet("copy", await written(longformer, target)) });
    expect(copy).toMatchObject({ problem: undefined, head: "masked-lm" });
    expect((await converter.verify(copy, recipe)).equal).toBe(true);
    const weights = copy.weights();
    for (const kind of ["weight", "bias"]) {
      const [local, global] = ["query", "query_global"].map((name) => weights.get(`encoder.layer.1.attention.self.${name}.${kind}`));
      expect(await global?.read()).toEqual(await local?.read());
      expect([global?.storage.identity, global?.storage.elementOffset]).not.toEqual([
        local?.storage.identity,
        local?.storage.elementOffset,
      ]);
    }
  });

  test.each(["plain/lightning-sequence-classification", "plain/paddle-masked-lm", "plain/tensorflow-masked-lm"])(
    "from %s",
    async (plain) => {
      const options = { maxLength: 48, window: 16 };
      await using longformer = await openRoberta(plain, { extend: options });
      await using torch = await openRoberta("plain/roberta-masked-lm", { extend: options, head: "model" });
      expect(longformer).toMatchObject({ problem: undefined });
      for (const [name, tensor] of torch.weights())
        expect([name, await longformer.weights().get(name)?.read()]).toEqual([name, await tensor.read()]);
    },
  );
});

describe("what cannot be extended is refused by name", () => {
  const extend = { maxLength: 48, window: 16 };
  const problemOf = async (folder: string, options: Omit<OpenOptions, "adapters">): Promise<Checkpoint["problem"]> => {
    await using checkpoint = await openRoberta(folder, options);
    return checkpoint.problem;
  };

  test.each<[string, ExtendOptions, RegExp]>([
    ["no multiple of the window", { maxLength: 40, window: 16 }, /40.*no multiple of the window 16.*32 or 48/],
    ["no multiple of one window", { maxLength: 48, window: [16, 10] }, /48.*no multiple of the window 10/],
    ["shorter than the source", { maxLength: 16, window: 16 }, /16.*not more than the 20 tokens/],
    ["as long as the source", { maxLength: 20, window: 10 }, /20.*not more than the 20 tokens/],
    ["no integer", { maxLength: 48.5, window: 16 }, /48\.5.*integer/],
    ["an odd window", { maxLength: 45, window: 15 }, /window 15.*even/],
    ["no window", { maxLength: 48, window: 0 }, /window 0.*even/],
    ["windows for other layers", { maxLength: 48, window: [16, 16, 16] }, /3 windows.*2 layers/],
  ])("%s", async (_, options, message) => {
    expect(await problemOf("plain/roberta-masked-lm", { extend: options })).toMatchObject({
      code: "argument-invalid",
      message: expect.stringMatching(message),
    });
  });

  test("a Longformer, and a graft: they are what extending would make", async () => {
    for (const folder of ["grafts/roberta-masked-lm", "../huggingface/masked-lm"])
      expect(await problemOf(folder, { extend })).toMatchObject({
        code: "argument-invalid",
        message: expect.stringContaining("already is a Longformer"),
      });
  });

  test("a model of another kind, by its configuration", async () => {
    const config = (await readJsonFixture("roberta/plain/roberta-masked-lm/config.json")) as Record<string, unknown>;
    const withConfig = async (changes: Readonly<Record<string, unknown>>): Promise<Checkpoint["problem"]> =>
      problemOf("plain/roberta-masked-lm", { extend, config: { ...config, ...changes } });
    expect(await withConfig({ model_type: "bert" })).toMatchObject({
      code: "not-a-longformer",
      message: expect.stringContaining("positions from 0"),
    });
    expect(await withConfig({ model_type: undefined })).toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("model_type"),
    });
    expect(await withConfig({ model_type: "longformer" })).toMatchObject({ code: "not-a-longformer" });
    expect(await withConfig({ is_decoder: true })).toMatchObject({ code: "unsupported" });
    expect(await withConfig({ max_position_embeddings: 30 })).toMatchObject({
      code: "config-mismatch",
      message: expect.stringContaining("[22, 16]"),
    });
  });

  test("without a configuration nothing is guessed", async () => {
    const bytes = await readFixture("roberta/plain/roberta-masked-lm/pytorch_model.bin");
    await using alone = await converter.open({ files: memoryFileSet("alone", { "pytorch_model.bin": bytes }) }, { extend });
    expect(alone.problem).toMatchObject({ code: "config-missing", message: expect.stringContaining("--config") });
  });
});

test("a plain RoBERTa is refused, and told what makes a Longformer of it", async () => {
  await using plain = await openRoberta("plain/roberta-masked-lm");
  expect(plain.problem).toMatchObject({ code: "not-a-longformer", message: expect.stringContaining("longspan extend") });
});

test("what was done, and that it should be trained, is said", async () => {
  await using longformer = await openRoberta("plain/roberta-masked-lm", { extend: { maxLength: 48, window: [8, 16] } });
  expect(longformer.extension).toEqual({ modelType: "roberta", sourceLength: 20, maxLength: 48, window: [8, 16], reservedPositions: 2 });
  const said = longformer.warnings.join("\n");
  expect(said).toMatch(/windows 8, 16; positions for 48 tokens, the 20 that there were/);
  expect(said).toMatch(/should now be trained/);
});
