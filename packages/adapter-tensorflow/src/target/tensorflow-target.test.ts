import { createConverter, heads, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { seededCheckpoint, smallConfig } from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import { openWithH5wasm } from "../../test/h5wasm.ts";
import { tensorflow } from "../tensorflow.ts";

const converter = createConverter({ adapters: [tensorflow()] });

async function write(source: ReturnType<typeof seededCheckpoint>, shardBytes?: number): Promise<ReadonlyMap<string, Uint8Array>> {
  const sink = memoryDirectorySink("written");
  await converter.convert(converter.plan(source, { target: "tensorflow" }), { sink, shardBytes });
  return sink.files;
}

describe.each(heads)("tf_model.h5 of the head %s, as the HDF5 library reads it", (head) => {
  test("has every weight under the name its layer lists, with the plan's values", async () => {
    const source = seededCheckpoint({ head });
    const plan = converter.plan(source, { target: "tensorflow" });
    const file = await openWithH5wasm((await write(source)).get("tf_model.h5"));
    const layers = file.texts("", "layer_names");
    const listed = layers.flatMap((layer) => file.texts(layer, "weight_names").map((name) => `${layer}/${name}`));
    const values = new Map(listed.map((path) => [path, file.bytes(path)]));
    for (const { target, tensor } of plan.steps) {
      const dotted = (path: string): string =>
        path
          .replace(/^[^/]*\/[^/]*\//, "")
          .replaceAll("layer_._", "layer/")
          .replaceAll("/", ".");
      const paths = listed.filter((path) => dotted(path) === `${target}:0`);
      expect(paths.length).toBeGreaterThanOrEqual(1);
      const wanted = await tensor.readBytes(0, tensor.byteLength);
      for (const path of paths)
        expect({ path, equal: Buffer.compare(values.get(path) ?? new Uint8Array(), wanted) === 0 }).toEqual({ path, equal: true });
    }
    expect(layers[0]).toBe("longformer");
    expect(file.texts("", "backend")).toEqual(["tensorflow"]);
    file.close();
  });
});

test("the masked language model's head lists the embeddings again, as names of the same datasets", async () => {
  const files = await write(seededCheckpoint({ head: "masked-lm" }));
  const file = await openWithH5wasm(files.get("tf_model.h5"));
  expect(file.texts("lm_head", "weight_names").filter((name) => name.includes("/longformer/embeddings/")).length).toBe(5);
  file.close();
  const written = await converter.open({ files: memoryFileSet("written", files) });
  const words = written.tensors.filter(({ canonicalName }) => canonicalName === "embeddings.word_embeddings.weight");
  expect(words.map(({ role }) => role)).toEqual(["parameter", "alias"]);
  expect(words[0]?.tensor.storage.identity).toBe(words[1]?.tensor.storage.identity);
  await written.close();
});

test("lists of names that are too long for one attribute are cut into pieces", async () => {
  const source = seededCheckpoint({ head: "question-answering", config: { ...smallConfig, num_hidden_layers: 40, attention_window: 4 } });
  const files = await write(source);
  const file = await openWithH5wasm(files.get("tf_model.h5"));
  expect(file.texts("longformer", "weight_names")).toEqual([]);
  expect(file.texts("longformer", "weight_names0").length + file.texts("longformer", "weight_names1").length).toBe(5 + 40 * 22);
  file.close();
  const written = await converter.open({ files: memoryFileSet("written", files) });
  expect(await converter.verify(source, written)).toMatchObject({ equal: true, compared: source.tensors.length });
  await written.close();
});

test("shards are named by their index as transformers names them", async () => {
  const source = seededCheckpoint({ head: "question-answering" });
  const files = await write(source, 2000);
  const index = JSON.parse(new TextDecoder().decode(files.get("tf_model.h5.index.json"))) as { weight_map: Record<string, string> };
  const names = Object.keys(index.weight_map);
  expect(names).toContain("tf_longformer_for_question_answering/longformer/encoder/layer_._0/attention/self/query/kernel:0");
  for (const [name, fileName] of Object.entries(index.weight_map)) {
    const shard = await openWithH5wasm(files.get(fileName));
    expect(shard.texts("", "layer_names")).toContain(name.replace(/^[^/]*\//, ""));
    expect(shard.bytes(name.replace(/^[^/]*\//, "")).byteLength).toBeGreaterThan(0);
    shard.close();
  }
});

test("an untied decoder has no place in it", () => {
  const source = seededCheckpoint({ head: "masked-lm", config: { ...smallConfig, tie_word_embeddings: false } });
  expect(() => converter.plan(source, { target: "tensorflow" })).toThrow(
    expect.objectContaining({
      code: "layout-invalid",
      message: expect.stringMatching(
        /^Layout "tensorflow": there is no place for "lm_head\.decoder\.weight"\. The decoder .* is not tied to its word embeddings .* another target/,
      ),
    }),
  );
});
