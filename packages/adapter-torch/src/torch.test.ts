import { type Checkpoint, createConverter, elementCount, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { seededCheckpoint, testFormatAdapter } from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import { fixtureFiles } from "../test/fixture.ts";
import { torch } from "./torch.ts";

testFormatAdapter({ describe, test, expect }, () => torch());

const converter = createConverter({ adapters: [torch()] });

interface Written {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly checkpoint: Checkpoint;
}

async function convert(source: Checkpoint, target: string, more: { shardBytes?: number; fileName?: string } = {}): Promise<Written> {
  const sink = memoryDirectorySink("written");
  await converter.convert(converter.plan(source, { target }), { sink, ...more });
  const files = memoryFileSet("written", sink.files);
  const config = source.config?.source;
  return { files: sink.files, checkpoint: await converter.open({ files, fileName: more.fileName }, { config }) };
}

describe("shards", () => {
  test.each([
    ["hf", "safetensors-sharded", "model-0000$-of-00002.safetensors", "model.safetensors.index.json"],
    ["torch", "torch-sharded", "pytorch_model-0000$-of-00002.bin", "pytorch_model.bin.index.json"],
    ["torch-legacy", "torch-sharded", "pytorch_model-0000$-of-00002.bin", "pytorch_model.bin.index.json"],
  ])("%s", async (target, container, pattern, index) => {
    const source = seededCheckpoint({ head: "masked-lm" });
    const { files, checkpoint } = await convert(source, target, { shardBytes: 6000 });
    const shards = [1, 2].map((number) => pattern.replace("$", String(number)));
    expect([...files.keys()]).toEqual([...shards, index, "config.json"]);
    expect(checkpoint.container).toBe(container);
    expect(await converter.verify(source, checkpoint)).toMatchObject({ equal: true });
    const { metadata, weight_map: weightMap } = JSON.parse(new TextDecoder().decode(files.get(index))) as {
      metadata: object;
      weight_map: Record<string, string>;
    };
    const elements = source.tensors.reduce((sum, { tensor }) => sum + elementCount(tensor.shape), 0);
    expect(metadata).toEqual({ total_parameters: elements, total_size: 4 * elements });
    // A tied name lies where its tensor lies; safetensors has none.
    expect(weightMap["lm_head.decoder.weight"]).toBe(target === "hf" ? undefined : shards[0]);
    await checkpoint.close();
  });

  test("a limit that nothing reaches gives one file and no index", async () => {
    const { files } = await convert(seededCheckpoint({ head: "model" }), "hf", { shardBytes: 1e9 });
    expect([...files.keys()]).toEqual(["model.safetensors", "config.json"]);
  });
});

describe("single files", () => {
  test.each([
    ["hf", "mine.safetensors"],
    ["torch", "mine.pt"],
    ["torch-legacy", "mine.pth"],
  ])("%s as %s: nothing beside it", async (target, fileName) => {
    const source = seededCheckpoint({ head: "question-answering" });
    const { files, checkpoint } = await convert(source, target, { fileName });
    expect([...files.keys()]).toEqual([fileName]);
    expect(await converter.verify(source, checkpoint)).toMatchObject({ equal: true });
  });
});

describe("ties", () => {
  test.each(["torch", "torch-legacy"])("%s: one storage, two names", async (target) => {
    const { checkpoint } = await convert(seededCheckpoint({ head: "masked-lm" }), target);
    const storage = (name: string): object | undefined =>
      checkpoint.tensors.find(({ sourceName }) => sourceName === name)?.tensor.storage.identity;
    expect(storage("lm_head.decoder.weight")).toBeDefined();
    expect(storage("lm_head.decoder.weight")).toBe(storage("longformer.embeddings.word_embeddings.weight"));
    expect(storage("lm_head.decoder.bias")).toBe(storage("lm_head.bias"));
  });

  test("no head, no tied name", async () => {
    const { checkpoint } = await convert(seededCheckpoint({ head: "question-answering" }), "torch");
    expect(checkpoint.tensors.map(({ sourceName }) => sourceName).filter((name) => name.includes("decoder"))).toEqual([]);
  });
});

test("files and tokenizer of a folder of transformers travel", async () => {
  const files = fixtureFiles("huggingface/question-answering/model.safetensors");
  const source = await converter.open({ files });
  const written = await convert(source, "torch");
  expect([...written.files.keys()].toSorted()).toEqual([
    "config.json",
    "merges.txt",
    "pytorch_model.bin",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
  ]);
  const vocabulary = await files.resolve("vocab.json");
  expect(written.files.get("vocab.json")).toEqual(await vocabulary?.read(0, vocabulary.size));
  expect(await converter.verify(source, written.checkpoint)).toMatchObject({ equal: true });
});

test("old spellings become today's", async () => {
  const files = fixtureFiles("huggingface/masked-lm-old-names/pytorch_model.bin");
  const source = await converter.open({ files });
  const { checkpoint } = await convert(source, "hf");
  const today = await converter.open({ files: fixtureFiles("huggingface/masked-lm/model.safetensors") });
  expect(checkpoint.tensors.map(({ sourceName }) => sourceName).toSorted()).toEqual(
    today.tensors.map(({ sourceName }) => sourceName).toSorted(),
  );
  expect(await converter.verify(checkpoint, today)).toMatchObject({ equal: true });
});

test("the original code's files are known by their prefix", async () => {
  const files = fixtureFiles("huggingface/original/masked-lm/pytorch_model.bin");
  const source = await converter.open({ files });
  expect(source).toMatchObject({ layout: "allenai", prefix: "roberta.", head: "masked-lm", container: "torch-legacy" });
});

test("the same values give the same bytes", async () => {
  for (const target of ["hf", "torch", "torch-legacy"]) {
    const [one, other] = await Promise.all([1, 2].map(() => convert(seededCheckpoint({ head: "masked-lm" }), target)));
    expect(one?.files).toEqual(other?.files);
  }
});

test("options that there are not are refused", () => {
  expect(() => torch({ verifyChecksum: true } as never)).toThrow(/no option "verifyChecksum" of torch\. Write "verifyChecksums"/);
});
