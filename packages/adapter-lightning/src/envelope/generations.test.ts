import { torch, torchLegacyContainer, torchZipContainer } from "@longspan/adapter-torch";
import { type ByteSource, createConverter, memoryFileSet } from "@longspan/core";
import { isTreeMap, type OpenedContainer, type TreeValue } from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { lightningEnvelope } from "./lightning-envelope.ts";
import { lightning } from "../index.ts";
import { expectedBytes, expectedOf, fixtureFolder, fixturePaths, fixtureSource } from "../../test/fixtures.ts";

const containers = [torchZipContainer(), torchLegacyContainer()];
const envelope = lightningEnvelope();
const paths = fixturePaths("lightning", ".ckpt");

async function openContainer(source: ByteSource): Promise<OpenedContainer> {
  const head = await source.read(0, Math.min(4096, source.size));
  for (const container of containers) {
    if ((await container.detect({ source, head })) !== undefined) {
      return container.open({ source, fileName: source.name, files: memoryFileSet("fixtures", {}) });
    }
  }
  throw new Error(`${source.name} is no torch file`);
}

test.each(paths)("%s: every tensor of the state dict, by name, type, shape and value", async (path) => {
  const container = await openContainer(fixtureSource(path));
  expect(envelope.detect(container)).toMatchObject({ specificity: 80 });
  const contents = envelope.open(container);
  const expected = expectedOf(path).tensors;
  expect(contents.tensors.map(({ sourceName }) => sourceName)).toEqual(expected.map(({ name }) => name));
  for (const [index, { tensor }] of contents.tensors.entries()) {
    const wanted = expected[index];
    if (wanted === undefined) throw new Error("lists of different lengths");
    const bytes = Buffer.from(await tensor.readBytes(0, tensor.byteLength));
    expect({ name: wanted.name, dataType: tensor.dataType, shape: tensor.shape, right: bytes.equals(expectedBytes(wanted)) }).toEqual({
      name: wanted.name,
      dataType: wanted.dataType,
      shape: wanted.shape,
      right: true,
    });
  }
});

interface Generation {
  readonly path: string;
  readonly container: string;
  /** As the file says it; 0.6 and 0.7 say none. */
  readonly version: string | undefined;
  readonly hyperParametersType: string | undefined;
  readonly dropped: readonly string[];
}

const trainingState = ["callbacks", "optimizer_states", "lr_schedulers"];
const earlyStopping = ["early_stop_callback_wait", "early_stop_callback_patience", "optimizer_states", "lr_schedulers"];

/** Every generation's key sets, from files that it wrote. All of them train the TriviaQA script's module with its hyper-parameters. */
const generations: readonly Generation[] = [
  {
    path: "lightning/old-original/lightning-0.6.0.ckpt",
    container: "torch-legacy",
    version: undefined,
    hyperParametersType: undefined,
    dropped: ["checkpoint_callback_best", ...earlyStopping],
  },
  {
    path: "lightning/old/lightning-0.7.6.ckpt",
    container: "torch-legacy",
    version: undefined,
    hyperParametersType: "Namespace",
    dropped: ["checkpoint_callback_best", ...earlyStopping],
  },
  {
    path: "lightning/old-original/lightning-0.8.5.ckpt",
    container: "torch-legacy",
    version: "0.8.5",
    hyperParametersType: "AttributeDict",
    dropped: [
      "checkpoint_callback_best_model_score",
      "checkpoint_callback_best_model_path",
      "early_stop_callback_state_dict",
      "optimizer_states",
      "lr_schedulers",
    ],
  },
  {
    path: "lightning/old/lightning-0.10.0.ckpt",
    container: "torch-zip",
    version: "0.10.0",
    hyperParametersType: "AttributeDict",
    dropped: trainingState,
  },
  {
    path: "lightning/old/lightning-1.5.10.ckpt",
    container: "torch-zip",
    version: "1.5.10",
    hyperParametersType: undefined,
    dropped: trainingState,
  },
  {
    path: "lightning/lightning_qa.ckpt",
    container: "torch-zip",
    version: "2.6.6",
    hyperParametersType: undefined,
    dropped: ["loops", "callbacks", "optimizer_states"],
  },
];

const converter = createConverter({ adapters: [torch(), lightning()] });

function open(path: string) {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return converter.open({ files: fixtureFolder({ "model.ckpt": path, "config.json": `${folder}/config.json` }) });
}

describe.each(generations)("$path", ({ path, container, version, hyperParametersType, dropped }) => {
  test("is a question answering Longformer of the authors' script", async () => {
    await using source = await open(path);
    expect(source).toMatchObject({
      container,
      envelope: "lightning",
      layout: "lightning",
      prefix: "model.",
      head: "question-answering",
      problem: undefined,
    });
    expect(source.dropped.map(({ name }) => name)).toEqual(dropped);
    expect(source.config?.source["longspan"]).toEqual({ questionAnsweringSeparators: 2 });
    expect(source.config?.attentionWindow).toEqual([4, 8]);
    const expected = expectedOf(path).tensors.filter(({ canonicalName }) => canonicalName !== null);
    expect(new Set(source.weights().keys())).toEqual(new Set(expected.map(({ canonicalName }) => canonicalName)));
  });

  test("shows its hyper-parameters, whatever class they were", async () => {
    await using source = await open(path);
    const { metadata } = source;
    expect(metadata.get("pytorch-lightning_version")).toBe(version);
    expect(metadata.get("hparams_type")).toBe(hyperParametersType);
    expect(metadata.get("epoch")).toBeTypeOf("number");
    const top = metadata.get("hyper_parameters");
    const values = isTreeMap(top) && isTreeMap(top.get("args")) ? top.get("args") : top;
    if (!isTreeMap(values)) throw new Error("no hyper-parameters");
    expect(values.get("model_path")).toBe("longformer-tiny");
    expect(values.get("lr")).toBe(0.0001);
    expect(values.get("seq2seq")).toBe(false);
    expect(values.get("resume_ckpt")).toBeNull();
  });
});

test("OmegaConf hyper-parameters are plain, and a data module's stay beside them", async () => {
  await using source = await open("lightning/omegaconf.ckpt");
  expect(source).toMatchObject({ prefix: "longformer.", head: "question-answering", problem: undefined });
  expect(source.metadata.get("hparams_type")).toBe("DictConfig");
  expect(plainJson(source.metadata.get("hyper_parameters") ?? null)).toMatchObject({ lr: 0.01, nothing: null, twice: "${lr}" });
  expect([...source.metadata.keys()]).toContain("datamodule_hyper_parameters");
});

test.each([
  ["whole-model.ckpt", "model.longformer.", "hf"],
  ["compiled.ckpt", "model.longformer.", "hf"],
  ["bfloat16.ckpt", "model.longformer.", "hf"],
  ["weights-only.ckpt", "model.longformer.", "hf"],
  ["nested-module.ckpt", "net.encoder.", "hf"],
  ["trunk-named-longformer.ckpt", "longformer.", "hf"],
  ["lightning-qa-without-pooler.ckpt", "model.", "lightning"],
])("%s: the trunk is found under %s", async (file, prefix, layout) => {
  await using source = await open(`lightning/${file}`);
  expect(source).toMatchObject({ envelope: "lightning", prefix, layout, head: "question-answering", problem: undefined });
  expect(source.weights().has("qa_outputs.weight")).toBe(true);
});

test.each(["masked-lm", "sequence-classification", "token-classification"])(
  "head %s is read from a module around Hugging Face's model",
  async (head) => {
    await using source = await open(`lightning/heads/${head}/last.ckpt`);
    expect(source).toMatchObject({ envelope: "lightning", head, problem: undefined });
    const plan = converter.plan(source, { target: "hf" });
    expect({ problem: plan.problem, missing: plan.missing, unexpected: plan.unexpected }).toEqual({
      problem: undefined,
      missing: [],
      unexpected: [],
    });
  },
);

/** For comparing only: maps with names as keys. */
function plainJson(value: TreeValue): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value.kind === "tensor" || value.kind === "opaque") return value.kind;
  if (value.kind !== "map") return value.items.map((item) => plainJson(item));
  return Object.fromEntries(value.entries.flatMap(([key, item]) => (typeof key === "string" ? [[key, plainJson(item)]] : [])));
}
