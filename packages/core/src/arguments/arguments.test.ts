import { describe, expect, test } from "vitest";
import { rawAdapter, rawModel } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig } from "../../test/sample-model.ts";
import { memoryDirectorySink } from "../bytes/memory-directory-sink.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { createConverter } from "../conversion/create-converter.ts";
import { openCheckpoint } from "../conversion/open-checkpoint.ts";
import { defineAdapter } from "../adapter/define-adapter.ts";
import { buildGraph, type GraphBuilder } from "../graph/graph-builder.ts";
import { operations } from "../graph/operations/standard-operations.ts";
import type { Value } from "../graph/value.ts";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { defineHead } from "../longformer/head-definition.ts";
import { prepareInputs } from "../longformer/prepare-inputs.ts";
import { directorySink } from "../node/directory-sink.ts";
import { fileSink } from "../node/file-sink.ts";
import { defineRuntime } from "../runtime/define-runtime.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { checkpointModel } from "../runtime/checkpoint-model.ts";
import { memoryWeights } from "../runtime/memory-weights.ts";
import { referenceRuntime } from "../runtime/reference-runtime.ts";
import { seededCheckpoint } from "../testing/seeded-checkpoint.ts";

const adapter = rawAdapter([plainLayout]);
const files = memoryFileSet("folder", {
  "model.raw": rawModel(compileLayout(plainLayout, createLongformerSpec(sample(), "question-answering")).parameters),
  "config.json": new TextEncoder().encode(JSON.stringify(sampleConfig)),
});
const converter = createConverter({ adapters: [adapter] });
const source = seededCheckpoint({ head: "question-answering" });

const spans = defineHead({
  name: "spans",
  parameters: ({ hiddenSize }) => [{ name: "spans.weight", shape: [2, hiddenSize], role: "linear" }],
  graph: (builder, hidden) => ({ logits: builder.apply(operations.linear, [hidden, builder.parameter("spans.weight", [2, 16])]) }),
});

/** As a caller without a compiler writes it. */
const anything = (value: unknown): never => value as never;
const twice = (build: (builder: GraphBuilder, x: Value) => unknown): unknown =>
  buildGraph("twice", (builder) => {
    build(builder, builder.input("x", "float32", [2]));
  });
const refusal = async (call: () => unknown): Promise<unknown> => {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};

describe("callers without a compiler are told what to write instead", () => {
  test.each<readonly [string, () => unknown, string, RegExp]>([
    [
      "no options",
      () => openCheckpoint({ files }, anything(undefined)),
      "adapter-invalid",
      /No adapters were given.*adapters: \[torch\(\)\]/,
    ],
    [
      "a list instead of options",
      () => createConverter(anything([adapter])),
      "adapter-invalid",
      /given by name: write createConverter\(\{/,
    ],
    ["one adapter without a list", () => createConverter(anything({ adapters: adapter })), "adapter-invalid", /are a list/],
    [
      "an adapter that was not called",
      () => createConverter({ adapters: [anything(function torch() {})] }),
      "adapter-invalid",
      /adapters\[0\] is the function torch.*write torch\(\)/,
    ],
    [
      "a promise of an adapter",
      () => createConverter({ adapters: [anything(Promise.resolve(adapter))] }),
      "argument-invalid",
      /adapters\[0\] is a promise/,
    ],
    [
      "something else for an adapter",
      () => createConverter({ adapters: [anything("torch")] }),
      "adapter-invalid",
      /adapters\[0\] is no adapter but "torch"/,
    ],
    [
      "an adapter of a later contract",
      () => createConverter({ adapters: [anything({ ...adapter, specificationVersion: 2 })] }),
      "adapter-invalid",
      /"raw" follows specification version 2/,
    ],
    [
      "an adapter without layouts",
      () => createConverter({ adapters: [anything({ ...adapter, layouts: undefined })] }),
      "adapter-invalid",
      /no list of layouts: make it with defineAdapter/,
    ],
    [
      "a head for short",
      () => converter.open({ files }, { head: anything("qa") }),
      "argument-invalid",
      /no head "qa". Write "question-answering"/,
    ],
    ["a head misspelled", () => converter.open({ files }, { head: anything("masked-ml") }), "argument-invalid", /Write "masked-lm"/],
    [
      "a configuration as a path",
      () => converter.open({ files }, { config: "config.json" }),
      "config-invalid",
      /"config.json". Give what config.json holds/,
    ],
    [
      "a data type for short",
      () => converter.plan(source, { target: "plain", dataType: anything("fp16") }),
      "argument-invalid",
      /no data type "fp16". Write "float16"/,
    ],
    [
      "a data type of torch",
      () => converter.plan(source, { target: "plain", dataType: anything("torch.bfloat16") }),
      "argument-invalid",
      /Write "bfloat16"/,
    ],
    [
      "a target alone",
      () => converter.plan(source, anything("plain")),
      "argument-invalid",
      /write converter.plan\(source, \{ target: "plain" \}\)/,
    ],
    [
      "a plan of a promise",
      () => converter.plan(anything(converter.open({ files })), { target: "plain" }),
      "argument-invalid",
      /source of a plan is a promise.*await before converter.open/,
    ],
    ["a plan of a path", () => converter.plan(anything("model.ckpt"), { target: "plain" }), "argument-invalid", /no open checkpoint/],
    [
      "a checkpoint to convert",
      () => converter.convert(anything(source), { sink: memoryDirectorySink() }),
      "argument-invalid",
      /A plan is converted, not a checkpoint/,
    ],
    [
      "no sink",
      () => converter.convert(converter.plan(source, { target: "plain" }), anything(undefined)),
      "argument-invalid",
      /Where to write is missing/,
    ],
    [
      "a promise of a sink",
      () => converter.convert(converter.plan(source, { target: "plain" }), { sink: anything(Promise.resolve(memoryDirectorySink())) }),
      "argument-invalid",
      /sink is a promise.*await directorySink/,
    ],
    [
      "a promise to compare",
      () => converter.verify(source, anything(Promise.resolve(source))),
      "argument-invalid",
      /second checkpoint to compare is a promise/,
    ],
    [
      "a checkpoint to prepare",
      () => referenceRuntime().prepare(anything(source), memoryWeights({})),
      "argument-invalid",
      /a graph and its weights.*checkpointModel/,
    ],
    [
      "options as text",
      () => converter.open({ files }, anything("question-answering")),
      "argument-invalid",
      /given by name, and converter\.open was given "question-answering"/,
    ],
    [
      "an option misspelled",
      () => converter.open({ files }, anything({ haed: "question-answering" })),
      "argument-invalid",
      /no option "haed" of converter\.open\. Write "head"/,
    ],
    [
      "an option misspelled, without a converter",
      () => openCheckpoint({ files }, anything({ adapters: [adapter], confg: {} })),
      "argument-invalid",
      /no option "confg" of openCheckpoint\. Write "config"/,
    ],
    [
      "another library's name of an option",
      () => converter.plan(source, anything({ target: "plain", dtype: "float16" })),
      "argument-invalid",
      /no option "dtype" of converter\.plan\. Write "dataType"/,
    ],
    [
      "an option of a converter that there is not",
      () => createConverter(anything({ adapters: [adapter], runtime: 1 })),
      "argument-invalid",
      /no option "runtime"/,
    ],
    [
      "a controller for its signal",
      () => converter.open({ files }, { signal: anything(new AbortController()) }),
      "argument-invalid",
      /option signal .* write controller\.signal/,
    ],
    [
      "a listener that is none",
      () => converter.verify(source, source, { onProgress: anything("log") }),
      "argument-invalid",
      /onProgress is "log"; it is a function/,
    ],
    [
      "a window as text",
      () => converter.open({ files }, { window: anything("512") }).then((opened) => opened.weights()),
      "argument-invalid",
      /The window "512" is not possible/,
    ],
    ["a prefix that is none", () => converter.open({ files }, { prefix: anything(7) }), "argument-invalid", /option prefix is 7/],
    [
      "a tolerance that is none",
      () => converter.verify(source, source, { tolerance: anything("x") }),
      "argument-invalid",
      /tolerance is "x"; it is a number, 0 or more/,
    ],
    [
      "a tolerance of another name",
      () => converter.verify(source, source, anything({ absolute: 1e-3 })),
      "argument-invalid",
      /no option "absolute" of converter\.verify\. Write "tolerance"/,
    ],
    [
      "a size of shards as text",
      () => converter.convert(converter.plan(source, { target: "plain" }), { sink: memoryDirectorySink(), shardBytes: anything("5GB") }),
      "argument-invalid",
      /shardBytes is "5GB"; it is an integer of bytes/,
    ],
    [
      "a tokenizer by its path",
      () => converter.convert(converter.plan(source, { target: "plain" }), { sink: memoryDirectorySink(), tokenizer: anything("folder") }),
      "argument-invalid",
      /tokenizer is "folder"; it is a set of files/,
    ],
    [
      "a layout without rules",
      () => converter.open({ files }, { layout: anything({ name: "mine" }) }).then((opened) => opened.weights()),
      "layout-invalid",
      /a name and a list of rules/,
    ],
    [
      "an adapter's layout without rules",
      () => createConverter({ adapters: [anything({ ...adapter, layouts: [{ name: "mine" }] })] }),
      "adapter-invalid",
      /layouts\[0\] \("mine"\) has no rules, a list/,
    ],
    [
      "a target without a layout",
      () => createConverter({ adapters: [anything({ ...adapter, targets: [{ ...adapter.targets[0], layout: undefined }] })] }),
      "adapter-invalid",
      /targets\[0\] \("plain"\) has no layout, a layout with rules/,
    ],
    [
      "a container without names of files",
      () => createConverter({ adapters: [anything({ ...adapter, containers: [{ ...adapter.containers[0], entryNames: undefined }] })] }),
      "adapter-invalid",
      /containers\[0\] \("raw"\) has no entryNames, a list/,
    ],
    ["an adapter without a name", () => defineAdapter(anything({})), "argument-invalid", /adapter's name is missing/],
    [
      "an adapter's part misspelled",
      () => defineAdapter(anything({ name: "mine", contaners: [] })),
      "argument-invalid",
      /Write "containers"/,
    ],
    ["a runtime without anything", () => defineRuntime(anything({})), "argument-invalid", /runtime's name is missing/],
    [
      "a runtime without operations",
      () => defineRuntime(anything({ name: "own", prepare: () => {} })),
      "argument-invalid",
      /lacks capabilities\.operations/,
    ],
    ["a head of nothing", () => defineHead(anything({})), "argument-invalid", /has a name of its own/],
    ["no head", () => defineHead(anything(undefined)), "argument-invalid", /has a name of its own/],
    [
      "a head without parameters",
      () => defineHead(anything({ name: "spans" })),
      "argument-invalid",
      /part parameters of the head "spans" is undefined; it is a function/,
    ],
    [
      "a head whose graph is none",
      () => defineHead(anything({ name: "spans", parameters: () => [], graph: {} })),
      "argument-invalid",
      /part graph of the head "spans"/,
    ],
    [
      "a parameter of an unknown role",
      () =>
        defineHead(
          anything({ name: "spans", parameters: () => [{ name: "spans.weight", shape: [2, 8], role: "lineer" }], graph: () => ({}) }),
        ),
      "argument-invalid",
      /no role "lineer" of a parameter.*Write "linear"/,
    ],
    [
      "a parameter without a shape",
      () => defineHead(anything({ name: "spans", parameters: () => [{ name: "spans.weight", role: "linear" }], graph: () => ({}) })),
      "argument-invalid",
      /has a parameter \{"name": "spans\.weight"/,
    ],
    [
      "a head's parts where a head is asked for",
      () => converter.open({ files }, { head: anything({ name: "x", graph: () => {} }) }),
      "argument-invalid",
      /what defineHead/,
    ],
    [
      "a head whose graph gives nothing",
      () => longformerGraph(sample(), { ...spans, graph: anything(() => {}) }),
      "graph-invalid",
      /head "spans" gives no outputs/,
    ],
    [
      "a head whose output is nothing",
      () => longformerGraph(sample(), { ...spans, graph: () => ({ logits: anything(undefined) }) }),
      "argument-invalid",
      /output "logits" is undefined/,
    ],
    [
      "a configuration as it lies in a file",
      () => longformerGraph(anything(sampleConfig), "model"),
      "argument-invalid",
      /not a parsed one/,
    ],
    [
      "a head for short, for a graph",
      () => longformerGraph(sample(), anything("masked-ml")),
      "argument-invalid",
      /no head "masked-ml"\. Write "masked-lm"/,
    ],
    [
      "a model of a promise",
      () => checkpointModel(anything(converter.open({ files }))),
      "argument-invalid",
      /checkpoint of a model is a promise/,
    ],
    ["a model of nothing", () => checkpointModel(anything(undefined)), "argument-invalid", /no open checkpoint/],
    ["a model's option misspelled", () => checkpointModel(source, anything({ attention: true })), "argument-invalid", /Write "attentions"/],
    [
      "an operation that there is not",
      () => twice((builder, x) => builder.apply(anything(undefined), [x])),
      "argument-invalid",
      /no operation but undefined/,
    ],
    [
      "an operation by its name",
      () => twice((builder, x) => builder.apply(anything("linear"), [x])),
      "argument-invalid",
      /write operations\.linear/,
    ],
    [
      "an operation's inputs one by one",
      () => twice((builder, x) => builder.apply(operations.add, anything(x))),
      "argument-invalid",
      /inputs of add are a list/,
    ],
    [
      "an operation of nothing",
      () => twice((builder, x) => builder.apply(operations.add, [x, anything(undefined)])),
      "argument-invalid",
      /An input of add is undefined/,
    ],
    ["a graph that nobody builds", () => buildGraph("g", anything(undefined)), "argument-invalid", /write buildGraph\(name/],
    [
      "a graph without a name",
      () =>
        buildGraph(
          anything(() => {}),
          anything(undefined),
        ),
      "argument-invalid",
      /name of a graph is a function/,
    ],
    [
      "files without a name",
      () => memoryFileSet(anything({ "model.raw": new Uint8Array() }), anything(undefined)),
      "argument-invalid",
      /name of the files is/,
    ],
    [
      "a file as text",
      () => memoryFileSet("memory", { "config.json": anything("{}") }),
      "argument-invalid",
      /"config\.json" is "\{\}"\. Give its bytes/,
    ],
    ["a folder to write to that is none", () => directorySink(anything(undefined)), "argument-invalid", /folder to write to is missing/],
    ["a sink's option misspelled", () => directorySink("x", anything({ forse: true })), "argument-invalid", /Write "force"/],
    [
      "one source for a list",
      () => directorySink("x", { sources: anything("model") }),
      "argument-invalid",
      /option sources is "model"; it is a list of paths/,
    ],
    ["a file to write that is none", () => fileSink(anything(undefined)), "argument-invalid", /file to write is missing/],
    [
      "inputs in another order",
      () => prepareInputs(anything("model"), anything(sample()), { input_ids: [[0]] }),
      "argument-invalid",
      /not a parsed one/,
    ],
    [
      "inputs for a head that there is not",
      () => prepareInputs(sample(), anything({ input_ids: [[0]] }), anything(undefined)),
      "argument-invalid",
      /no head/,
    ],
    ["inputs by position", () => prepareInputs(sample(), "model", anything([[0]])), "inputs-invalid", /given by name/],
    [
      "a text for ids",
      () => prepareInputs(sample(), "model", { input_ids: anything("abc") }),
      "inputs-invalid",
      /input_ids is "abc"; give lists of numbers/,
    ],
    [
      "texts in a list of ids",
      () => prepareInputs(sample(), "model", { input_ids: anything([["a", "b"]]) }),
      "inputs-invalid",
      /holds "a" at \[0, 0\]; it takes numbers/,
    ],
    [
      "ids without a shape",
      () => prepareInputs(sample(), "model", { input_ids: anything(new Int32Array(3)) }),
      "inputs-invalid",
      /an array without a shape/,
    ],
    [
      "a kind of global attention misspelled",
      () => prepareInputs(sample(), { ...spans, globalAttention: () => anything({ kind: "frist-token" }) }, { input_ids: [[0, 5, 2]] }),
      "argument-invalid",
      /no kind of global attention "frist-token"\. Write "first-token"/,
    ],
    [
      "a data type for short to prepare in",
      () => referenceRuntime().prepare(checkpointModel(source).graph, memoryWeights({}), { dataType: anything("half") }),
      "argument-invalid",
      /Write "float16"/,
    ],
  ])("%s", async (_, call, code, message) => {
    expect(await refusal(call)).toMatchObject({ name: "LongspanError", code, message: expect.stringMatching(message) as string });
  });

  test("nothing of it is in the way of what is right", async () => {
    await using checkpoint: Checkpoint = await converter.open({ files }, { head: "question-answering" });
    expect(checkpoint.problem).toBe(undefined);
  });
});
