import { torch } from "@longspan/adapter-torch";
import { writeTorchZip, type CopyTensor, type TorchMap } from "@longspan/adapter-torch/writing";
import { type Checkpoint, createConverter, type FileSet, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { bytesSource } from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { lightning } from "./index.ts";
import { expectedBytes, expectedOf, fixtureBytes, fixtureFolder } from "../test/fixtures.ts";
import { countingSource, tensor } from "../test/tree-building.ts";

const converter = createConverter({ adapters: [torch(), lightning()] });
const trained = "lightning/lightning_qa.ckpt";
const withConfig = (path: string): FileSet => fixtureFolder({ "model.ckpt": path, "config.json": "lightning/config.json" });

async function convert(source: Checkpoint, target: string, fileName?: string): Promise<FileSet> {
  const sink = memoryDirectorySink("out");
  await converter.convert(converter.plan(source, { target }), { sink, fileName });
  return memoryFileSet("out", sink.files);
}

async function textOf(files: FileSet, name: string): Promise<unknown> {
  const source = await files.resolve(name);
  if (source === undefined) throw new Error(`${name} is missing`);
  return JSON.parse(new TextDecoder().decode(await source.read(0, source.size)));
}

describe("a question answering checkpoint becomes a Hugging Face folder", () => {
  test.each(["lightning/lightning_qa.ckpt", "lightning/lightning-qa-without-pooler.ckpt"])("%s: every value", async (path) => {
    await using source = await converter.open({ files: withConfig(path) });
    expect(source).toMatchObject({
      container: "torch-zip",
      envelope: "lightning",
      layout: "lightning",
      prefix: "model.",
      head: "question-answering",
      problem: undefined,
    });
    const written = await convert(source, "hf");
    expect(await written.list?.()).toEqual(["model.safetensors", "config.json"]);
    await using copy = await converter.open({ files: written });
    const expected = expectedOf(path).tensors.filter(({ name }) => !name.includes("pooler"));
    expect(copy.tensors.map(({ sourceName }) => sourceName).toSorted()).toEqual(
      expected.map(({ name }) => name.replace(/^model\./, "longformer.")).toSorted(),
    );
    const weights = copy.weights();
    for (const wanted of expected) {
      const tensor = weights.get(wanted.canonicalName ?? "");
      const bytes = Buffer.from((await tensor?.readBytes(0, wanted.byteLength)) ?? []);
      expect({ name: wanted.name, right: bytes.equals(expectedBytes(wanted)) }).toEqual({ name: wanted.name, right: true });
    }
    expect(await converter.verify(source, copy)).toMatchObject({ equal: true, compared: expected.length });
  });

  test("the pooler and the training state are dropped, each with its reason", async () => {
    await using source = await converter.open({ files: withConfig(trained) });
    const plan = converter.plan(source, { target: "hf" });
    expect(plan.problem).toBeUndefined();
    expect(plan.missing).toEqual([]);
    expect(plan.unexpected).toEqual([]);
    expect(plan.dropped.map(({ name }) => name)).toEqual([
      "loops",
      "callbacks",
      "optimizer_states",
      "model.pooler.dense.weight",
      "model.pooler.dense.bias",
    ]);
    for (const { reason } of plan.dropped) expect(reason).not.toBe("");
  });

  test("config.json has the head, its labels, the windows, the separators, and what nobody knows", async () => {
    await using source = await converter.open({ files: withConfig(trained) });
    const config = await textOf(await convert(source, "hf"), "config.json");
    expect(config).toMatchObject({
      architectures: ["LongformerForQuestionAnswering"],
      model_type: "longformer",
      attention_window: [4, 8],
      longspan: { questionAnsweringSeparators: 2 },
      longspan_unknown_key: { text: "naïve", list: [1, 2.5, null, true] },
    });
  });

  test("without config.json the way out is named: the script's windows are no substitute", async () => {
    await using source = await converter.open({ files: fixtureFolder({ "model.ckpt": trained }) });
    expect(source.problem).toMatchObject({ code: "config-missing" });
    expect(source.head).toBe("question-answering");
    const config = JSON.parse(new TextDecoder().decode(fixtureBytes("lightning/config.json"))) as unknown;
    await using given = await converter.open({ files: fixtureFolder({ "model.ckpt": trained }) }, { config });
    expect(given.problem).toBeUndefined();
  });
});

test("huge optimizer state is never read, neither by opening nor by converting", async () => {
  await using small = await converter.open({ files: withConfig(trained) });
  const weights = small.tensors.reduce((sum, { tensor: { byteLength } }) => sum + byteLength, 0);
  const moment = tensor("exp_avg", [2048, 1024], 1);
  const root: TorchMap = {
    kind: "map",
    entries: [
      ["epoch", 0],
      ["global_step", 1],
      ["optimizer_states", { kind: "list", items: [{ kind: "tensor", tensor: moment }] }],
      [
        "state_dict",
        { kind: "map", entries: small.tensors.map(({ sourceName, tensor: weight }) => [sourceName, { kind: "tensor", tensor: weight }]) },
      ],
    ],
  };
  const sink = memoryDirectorySink("big");
  const copy: CopyTensor = async (from, to, observe) => {
    const values = await from.readBytes(0, from.byteLength);
    observe?.(values);
    await to.write(values);
  };
  const file = await sink.file("model.ckpt");
  await writeTorchZip(file, { root, topFolder: "archive", copy });
  await sink.commit();

  const counted = countingSource(bytesSource(sink.files.get("model.ckpt") ?? new Uint8Array(), "model.ckpt"));
  expect(counted.size).toBeGreaterThan(moment.byteLength + weights);
  const config = fixtureBytes("lightning/config.json");
  const files: FileSet = {
    name: "folder",
    resolve: async (name) => (name === "model.ckpt" ? counted : name === "config.json" ? bytesSource(config, name) : undefined),
    list: async () => ["model.ckpt", "config.json"],
  };
  await using source = await converter.open({ files });
  await convert(source, "hf");
  const read = counted.reads.reduce((sum, { length }) => sum + length, 0);
  expect(read).toBeGreaterThan(weights / 2);
  // The weights, and the archive's directory and pickle a few times over.
  expect(read).toBeLessThan(weights + 2 ** 19);
  expect(moment.byteLength).toBe(2 ** 23);
});

describe("a Lightning checkpoint is written", () => {
  test("from a Lightning checkpoint: with the pooler, the hyper-parameters, epoch and step", async () => {
    await using source = await converter.open({ files: withConfig(trained) });
    const written = await convert(source, "lightning");
    expect(await written.list?.()).toEqual(["model.ckpt", "config.json"]);
    await using copy = await converter.open({ files: written });
    expect(copy).toMatchObject({ envelope: "lightning", layout: "lightning", prefix: "model.", head: "question-answering" });
    expect(copy.tensors.map(({ sourceName }) => sourceName).toSorted()).toEqual(
      source.tensors.map(({ sourceName }) => sourceName).toSorted(),
    );
    expect(copy.weights().has("pooler.dense.weight")).toBe(true);
    expect(await converter.verify(source, copy)).toMatchObject({ equal: true });
    expect(copy.metadata.get("epoch")).toBe(source.metadata.get("epoch"));
    expect(copy.metadata.get("global_step")).toBe(source.metadata.get("global_step"));
    expect(copy.metadata.get("pytorch-lightning_version")).toBe("2.0.0");
    expect(copy.metadata.get("legacy_pytorch-lightning_version")).toBe("2.6.6");
    expect(copy.metadata.get("hparams_name")).toBe("kwargs");
    expect(JSON.stringify(copy.metadata.get("hyper_parameters"))).toBe(JSON.stringify(source.metadata.get("hyper_parameters")));
    expect(copy.dropped).toEqual([]);
  });

  test("from a Hugging Face folder: no hyper-parameters are made up, the tokenizer comes along", async () => {
    const folder = "huggingface/question-answering";
    const names = ["config.json", "model.safetensors", "tokenizer.json", "vocab.json", "merges.txt"];
    await using source = await converter.open({
      files: fixtureFolder(Object.fromEntries(names.map((name) => [name, `${folder}/${name}`]))),
    });
    const written = await convert(source, "lightning");
    expect((await written.list?.())?.toSorted()).toEqual(["config.json", "merges.txt", "model.ckpt", "tokenizer.json", "vocab.json"]);
    await using copy = await converter.open({ files: written });
    expect([...copy.metadata.entries()]).toEqual([
      ["epoch", 0],
      ["global_step", 0],
      ["pytorch-lightning_version", "2.0.0"],
    ]);
    expect(copy.weights().has("pooler.dense.weight")).toBe(false);
    expect(await converter.verify(source, copy)).toMatchObject({ equal: true });
  });

  test("as one file of any name", async () => {
    await using source = await converter.open({ files: withConfig(trained) });
    const written = await convert(source, "lightning", "qa.ckpt");
    expect(await written.list?.()).toEqual(["qa.ckpt"]);
  });
});

describe("names as load_from_checkpoint wants them", () => {
  test("the bare model stands under model., too: there is no module without an attribute", async () => {
    const files = fixtureFolder({
      "pytorch_model.bin": "torch/heads/model/pytorch_model.bin",
      "config.json": "torch/heads/model/config.json",
    });
    await using source = await converter.open({ files });
    await using copy = await converter.open({ files: await convert(source, "lightning") });
    expect(copy.tensors.every(({ sourceName }) => sourceName.startsWith("model."))).toBe(true);
    expect(copy).toMatchObject({ layout: "lightning", head: "model" });
    expect(await converter.verify(source, copy)).toMatchObject({ equal: true });
  });

  test("a language head carries its tied decoder as one storage with two names", async () => {
    const head = "torch/heads/masked-lm";
    const files = fixtureFolder({ "pytorch_model.bin": `${head}/pytorch_model.bin`, "config.json": `${head}/config.json` });
    await using source = await converter.open({ files });
    await using copy = await converter.open({ files: await convert(source, "lightning") });
    const named = (name: string) => copy.tensors.find(({ sourceName }) => sourceName === name)?.tensor.storage.identity;
    expect(named("lm_head.decoder.weight")).toBe(named("model.embeddings.word_embeddings.weight"));
    expect(named("lm_head.decoder.bias")).toBe(named("lm_head.bias"));
    expect(await converter.verify(source, copy)).toMatchObject({ equal: true });
  });
});

test("lightning() alone opens a .ckpt and writes one", async () => {
  const alone = createConverter({ adapters: [lightning()] });
  await using source = await alone.open({ files: withConfig(trained) });
  expect(source).toMatchObject({ envelope: "lightning", layout: "lightning", problem: undefined });
  const sink = memoryDirectorySink("out");
  await alone.convert(alone.plan(source, { target: "lightning" }), { sink });
  expect([...sink.files.keys()]).toEqual(["model.ckpt", "config.json"]);
});
