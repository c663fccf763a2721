import { fromBinary } from "@bufbuild/protobuf";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import {
  type Checkpoint,
  type ConversionPlan,
  type ConvertOptions,
  createConverter,
  type DataType,
  type Head,
  heads,
  memoryDirectorySink,
  memoryFileSet,
} from "@longspan/core";
import { createLongformerSpec, parseLongformerConfig } from "@longspan/core/adapter";
import { longformerGraph } from "@longspan/core/graph";
import { prepareInputs, referenceRuntime } from "@longspan/core/runtime";
import { directorySink } from "@longspan/core/node";
import { seededCheckpoint, seededWeights, tensorDifference, tinyConfig } from "@longspan/core/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ModelProtoSchema, TensorProto_DataType, type ModelProto } from "../onnx/onnx_pb.ts";
import { onnx, type OnnxOptions } from "../onnx-adapter.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-onnx-target-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A checkpoint in memory with weights that a model can run on. */
function checkpointOf(head: Head): Checkpoint {
  const raw = { ...tinyConfig.source, ...(head === "token-classification" ? { id2label: { 0: "O", 1: "B", 2: "I" } } : {}) };
  const { config } = parseLongformerConfig(raw);
  const checkpoint = seededCheckpoint({ head, config: raw });
  const weights = seededWeights(longformerGraph(config, head));
  const spec = createLongformerSpec(config, head);
  return {
    ...checkpoint,
    spec,
    config,
    weights: () => weights,
    tensors: checkpoint.tensors.flatMap((tensor) => {
      const values = weights.get(tensor.sourceName);
      return values === undefined ? [] : [{ ...tensor, tensor: values }];
    }),
    files: memoryFileSet("seeded", { "vocab.txt": new TextEncoder().encode("a\nb\n") }),
  };
}

const converter = createConverter({ adapters: [onnx()] });

interface WriteOptions extends OnnxOptions, Pick<ConvertOptions, "fileName"> {
  readonly dataType?: DataType;
}

function planOf(checkpoint: Checkpoint, { dataType, externalData, quantize }: WriteOptions): ConversionPlan {
  return createConverter({ adapters: [onnx({ externalData, quantize })] }).plan(checkpoint, { target: "onnx", dataType });
}

async function written(head: Head, options: WriteOptions = {}): Promise<ReadonlyMap<string, Uint8Array>> {
  const sink = memoryDirectorySink();
  await converter.convert(planOf(checkpointOf(head), options), { sink, fileName: options.fileName });
  return sink.files;
}

async function model(head: Head, options: WriteOptions = {}): Promise<ModelProto> {
  return fromBinary(ModelProtoSchema, (await written(head, options)).get("model.onnx") ?? new Uint8Array());
}

const inputs = {
  input_ids: [
    [0, 7, 31, 2, 2, 9, 44, 2, 18, 3, 5],
    [0, 12, 2, 2, 30, 2, 1, 1, 1, 1, 1],
  ],
  attention_mask: [
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
  ],
  global_attention_mask: [
    [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ],
  token_type_ids: [
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
    [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
  ],
};

/** The largest difference of any output of a file from the reference runtime's, where it exceeds the tolerance. */
async function differences(head: Head, file: Uint8Array, tolerance: number): Promise<Record<string, unknown>> {
  const raw = head === "multiple-choice" ? Object.fromEntries(Object.entries(inputs).map(([name, rows]) => [name, [rows, rows]])) : inputs;
  const checkpoint = checkpointOf(head);
  const config = checkpoint.config ?? tinyConfig;
  const reference = await referenceRuntime().prepare(longformerGraph(config, head), checkpoint.weights());
  const prepared = prepareInputs(config, head, raw);
  const expected = await reference.run(prepared);
  const session = await InferenceSession.create(file);
  const feeds = session.inputNames.map((name) => {
    const { shape = [], data = [] } = prepared[name] ?? {};
    return [name, new OnnxTensor("int64", BigInt64Array.from(data, BigInt), shape)] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  expect(Object.keys(outputs).toSorted()).toEqual(Object.keys(expected).toSorted());
  const found = Object.entries(expected).map(([name, tensor]) => {
    const { data, dims = [] } = outputs[name] ?? {};
    if (!(data instanceof Float32Array)) return [name, "is no float32"];
    return [name, tensorDifference({ dataType: "float32", shape: dims, data }, tensor, { absolute: tolerance, relative: 0 })];
  });
  return Object.fromEntries(found.filter(([, difference]) => difference !== undefined));
}

describe("the target onnx", () => {
  test.each(heads)("of %s gives what the reference runtime gives", async (head) => {
    const file = (await written(head)).get("model.onnx") ?? new Uint8Array();
    expect(await differences(head, file, 2e-5)).toEqual({});
  });

  test("has the ecosystem's inputs, symbolic, and Hugging Face's outputs", async () => {
    const names = (values: readonly { readonly name: string }[] | undefined): unknown => values?.map(({ name }) => name);
    const { graph, producerName, opsetImport } = await model("question-answering");
    expect({ producerName, opsetImport }).toMatchObject({ producerName: "longspan", opsetImport: [{ domain: "", version: 17n }] });
    expect(names(graph?.input)).toEqual(["input_ids", "attention_mask", "global_attention_mask", "token_type_ids"]);
    expect(names(graph?.output)).toEqual(["start_logits", "end_logits"]);
    for (const { type } of graph?.input ?? []) {
      expect(type?.value).toMatchObject({
        case: "tensorType",
        value: { elemType: TensorProto_DataType.INT64, shape: { dim: [{ value: { value: "batch" } }, { value: { value: "sequence" } }] } },
      });
    }
    const choices = (await model("multiple-choice")).graph?.input[0]?.type?.value;
    expect(choices).toMatchObject({ value: { shape: { dim: [{}, { value: { value: "choices" } }, {}] } } });
  });

  test("stores every weight once, a tied one too", async () => {
    const { graph } = await model("masked-lm");
    const stored = graph?.initializer.map(({ name }) => name) ?? [];
    expect(new Set(stored).size).toBe(stored.length);
    expect(stored.filter((name) => /word_embeddings|decoder/.test(name))).toEqual(["embeddings.word_embeddings.weight"]);
    for (const { name } of longformerGraph(tinyConfig, "masked-lm").parameters) expect(stored).toContain(name);
  });

  test.each(["float32", "float16"] as const)(
    "goes back whole, with the bias that no node needs beside a decoder of its own (%s)",
    async (dataType) => {
      const source = seededCheckpoint({ head: "masked-lm", config: { ...tinyConfig.source, tie_word_embeddings: false } });
      const sink = memoryDirectorySink();
      await converter.convert(planOf(source, { dataType }), { sink });
      const back = await converter.open(memoryFileSet("written", Object.fromEntries(sink.files)));
      expect(await converter.verify(source, back)).toMatchObject({ equal: dataType === "float32", onlyInA: [], onlyInB: [] });
      await InferenceSession.create(sink.files.get("model.onnx") ?? new Uint8Array(), { logSeverityLevel: 3 });
    },
  );

  test("says what it is", async () => {
    const { metadataProps } = await model("token-classification");
    const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
    expect(metadata).toMatchObject({
      "longspan.head": "token-classification",
      "longspan.weights": "float32",
      "longspan.labels": '["O","B","I"]',
    });
    expect(JSON.parse(metadata["longspan.config"] ?? "")).toMatchObject({
      hidden_size: 24,
      architectures: ["LongformerForTokenClassification"],
    });
    expect(JSON.parse(metadata["longspan.tokenizer"] ?? "")).toEqual({
      files: ["vocab.txt"],
      padTokenId: 1,
      bosTokenId: 0,
      eosTokenId: 2,
      sepTokenId: 2,
      maxTokens: 68,
    });
    const { metadataProps: ofQuestions } = await model("question-answering");
    const policy = ofQuestions.find(({ key }) => key === "longspan.global_attention")?.value;
    expect(JSON.parse(policy ?? "")).toEqual({ kind: "separator", side: "before", tokenId: 2, tokenKey: "sep_token_id", count: 3 });
  });

  test("writes the configuration and the tokenizer beside it, or one file alone", async () => {
    expect([...(await written("model")).keys()]).toEqual(["model.onnx", "config.json", "vocab.txt"]);
    expect([...(await written("model", { externalData: true })).keys()]).toEqual([
      "model.onnx.data",
      "model.onnx",
      "config.json",
      "vocab.txt",
    ]);
    expect([...(await written("model", { fileName: "mine.onnx", externalData: true })).keys()]).toEqual(["mine.onnx.data", "mine.onnx"]);
  });

  test.each<DataType>(["float16", "bfloat16"])("keeps weights in %s and computes in float32", async (dataType) => {
    const file = (await written("question-answering", { dataType })).get("model.onnx") ?? new Uint8Array();
    const { graph, metadataProps } = fromBinary(ModelProtoSchema, file);
    const narrow = dataType === "float16" ? TensorProto_DataType.FLOAT16 : TensorProto_DataType.BFLOAT16;
    const weights = new Set(longformerGraph(tinyConfig, "question-answering").parameters.map(({ name }) => name));
    const types = graph?.initializer.filter(({ name }) => weights.has(name)).map((tensor) => tensor.dataType);
    expect(new Set(types)).toEqual(new Set([narrow]));
    expect(metadataProps).toContainEqual(expect.objectContaining({ key: "longspan.weights", value: dataType }));
    expect(await differences("question-answering", file, dataType === "float16" ? 0.01 : 0.1)).toEqual({});
    expect(await differences("question-answering", file, 1e-7)).not.toEqual({});
  });

  test.each(["question-answering", "masked-lm"] as const)("q8: matrices of %s in 8 bits, and outputs near", async (head) => {
    const file = (await written(head, { quantize: "q8" })).get("model.onnx") ?? new Uint8Array();
    const { graph } = fromBinary(ModelProtoSchema, file);
    const types = new Map(graph?.initializer.map(({ name, dataType }) => [name, dataType]));
    for (const name of [
      "embeddings.word_embeddings.weight",
      "encoder.layer.1.attention.self.key_global.weight",
      "encoder.layer.2.output.dense.weight",
    ]) {
      expect([types.get(name), types.get(`${name}_quantized`), types.get(`${name}_scale`)]).toEqual([
        undefined,
        TensorProto_DataType.UINT8,
        TensorProto_DataType.FLOAT,
      ]);
    }
    for (const name of ["qa_outputs.weight", "classifier.weight", "classifier.out_proj.weight"])
      expect(types.has(`${name}_quantized`)).toBe(false);
    expect(await differences(head, file, head === "masked-lm" ? 0.5 : 0.25)).toEqual({});
  });

  test("a source that fails leaves nothing behind, neither the model nor its data", async () => {
    const broken = checkpointOf("model");
    const tensors = broken.tensors.map((entry) =>
      entry.sourceName === "encoder.layer.2.output.dense.weight"
        ? { ...entry, tensor: { ...entry.tensor, readBytes: () => Promise.reject(new Error("the disk is gone")) } }
        : entry,
    );
    for (const externalData of [false, true]) {
      const place = join(folder, `broken-${externalData}`);
      const sink = await directorySink(place);
      const plan = planOf({ ...broken, tensors }, { externalData });
      await expect(converter.convert(plan, { sink })).rejects.toThrow("the disk is gone");
    }
    expect(await readdir(folder)).toEqual([]);
  });
});
