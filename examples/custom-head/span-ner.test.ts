import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { tensorflow } from "@longspan/adapter-tensorflow";
import { torch } from "@longspan/adapter-torch";
import { type Checkpoint, createConverter, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { tensorFromBytes } from "@longspan/core/adapter";
import { defineHead, linearLayer, longformerGraph } from "@longspan/core/graph";
import { checkpointModel, prepareInputs, type RawLongformerInputs, referenceRuntime, type Runtime } from "@longspan/core/runtime";
import { ort } from "@longspan/runtime-ort";
import { onnx } from "@longspan/runtime-ort/onnx";
import { readSafetensorsHeader } from "@longspan/safetensors";
import { describe, expect, test } from "vitest";
import spanNer from "./span-ner.ts";

const fixtures = fileURLToPath(new URL("../../fixtures/custom-head/", import.meta.url));
const converter = createConverter({ adapters: [torch(), paddle(), lightning(), tensorflow(), onnx()] });
/** Of fixtures/forward: what float32 is off by. */
const tolerance = 1e-5;
const open = (): Promise<Checkpoint> => converter.open(`${fixtures}span-ner`, { head: spanNer });

interface Recorded {
  readonly raw: RawLongformerInputs;
  readonly start: Float32Array;
  readonly end: Float32Array;
}

/** What torch was called with, and what it gave. */
async function recorded(): Promise<Recorded> {
  const bytes = new Uint8Array(await readFile(`${fixtures}forward.safetensors`));
  const { tensors } = await readSafetensorsHeader({
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  });
  const tensor = (name: string, dataType: "int64" | "float32"): ReturnType<typeof tensorFromBytes> => {
    const found = tensors.find((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} is not recorded`);
    return tensorFromBytes(dataType, found.shape, bytes.slice(found.offset, found.offset + found.byteLength));
  };
  const floats = (name: string): Float32Array => {
    const { data } = tensor(name, "float32");
    expect.assert(data instanceof Float32Array);
    return data;
  };
  return {
    raw: { input_ids: tensor("inputs.input_ids", "int64"), attention_mask: tensor("inputs.attention_mask", "int64") },
    start: floats("outputs.start_logits"),
    end: floats("outputs.end_logits"),
  };
}

/** The largest difference of what a checkpoint computes from what torch did. */
async function difference(checkpoint: Checkpoint, runtime: Runtime): Promise<number> {
  const { raw, start, end } = await recorded();
  const { graph, weights, config, head } = checkpointModel(checkpoint);
  const session = await runtime.prepare(graph, weights);
  const outputs = await session.run(prepareInputs(config, head, raw));
  await session.dispose();
  const distance = (name: string, truth: Float32Array): number => {
    const found = outputs[name]?.data ?? [];
    expect(found.length).toBe(truth.length);
    return Math.max(...truth.map((value, index) => Math.abs(value - Number(found[index]))));
  };
  return Math.max(distance("start_logits", start), distance("end_logits", end));
}

describe("a head of one's own", () => {
  test("computes what torch does, on every runtime", async () => {
    const checkpoint = await open();
    expect(checkpoint).toMatchObject({ head: { name: "span-ner" }, spec: { labels: 3 }, problem: undefined, warnings: [] });
    expect(checkpoint.tensors.filter(({ role }) => role !== "parameter")).toEqual([]);
    expect(await difference(checkpoint, referenceRuntime())).toBeLessThan(tolerance);
    expect(await difference(checkpoint, ort())).toBeLessThan(tolerance);
    await checkpoint.close();
  });

  test.each(["hf", "torch", "lightning", "paddle", "paddle-safetensors", "tensorflow", "onnx"])(
    "travels through %s, every bit",
    async (target) => {
      const source = await open();
      const sink = memoryDirectorySink("written");
      await converter.convert(converter.plan(source, { target }), { sink });
      const written = await converter.open(memoryFileSet("written", sink.files), { head: spanNer });
      expect(await converter.verify(source, written)).toMatchObject({
        equal: true,
        compared: source.tensors.length,
        onlyInA: [],
        onlyInB: [],
      });
      expect(await difference(written, referenceRuntime())).toBeLessThan(tolerance);
      const config = sink.files.get("config.json");
      if (config !== undefined)
        expect(JSON.parse(new TextDecoder().decode(config))).toMatchObject({
          architectures: ["LongformerForSpanNer"],
          id2label: { 2: "ship" },
        });
      await written.close();
      await source.close();
    },
  );

  test("is transposed where a framework transposes linear layers", async () => {
    const source = await open();
    const shapes = (target: string): unknown =>
      Object.fromEntries(
        converter
          .plan(source, { target })
          .steps.filter(({ canonicalName }) => canonicalName.startsWith("spans.start") || canonicalName.startsWith("spans.layer_norm"))
          .map(({ target: name, targetShape }) => [name, targetShape]),
      );
    expect(shapes("hf")).toEqual({
      "spans.layer_norm.weight": [12],
      "spans.layer_norm.bias": [12],
      "spans.start.weight": [3, 12],
      "spans.start.bias": [3],
    });
    expect(shapes("paddle")).toMatchObject({ "spans.start.weight": [12, 3] });
    expect(shapes("tensorflow")).toEqual({
      "spans.layer_norm.gamma": [12],
      "spans.layer_norm.beta": [12],
      "spans.start.kernel": [12, 3],
      "spans.start.bias": [3],
    });
    await source.close();
  });

  test("is needed: without it the file's head is unknown", async () => {
    const checkpoint = await converter.open(`${fixtures}span-ner`);
    expect(checkpoint.head).toBe("model");
    expect(checkpoint.tensors.filter(({ role }) => role === "unexpected")).toHaveLength(8);
    await checkpoint.close();
  });

  test("whose graph takes what its list lacks is refused, and so is another head's name", async () => {
    const checkpoint = await open();
    expect.assert(checkpoint.config !== null);
    const { parameters, globalAttention } = spanNer;
    const wrong = defineHead({
      name: "wrong",
      labels: 3,
      parameters,
      globalAttention,
      graph: (builder, hidden) => ({ x: linearLayer(builder, hidden, "spans.more", 2) }),
    });
    expect(() => longformerGraph(checkpoint.config ?? ({} as never), wrong)).toThrow(
      expect.objectContaining({
        code: "graph-invalid",
        message: expect.stringContaining('"spans.more.weight" [2, 16], which its parameters do not list') as string,
      }),
    );
    expect(() => defineHead({ name: "masked-lm", parameters, graph: spanNer.graph })).toThrow(/kebab case/);
    await checkpoint.close();
  });
});
