import { describe, expect, test } from "vitest";
import { rawAdapter, rawModel } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig } from "../../test/sample-model.ts";
import { memoryDirectorySink } from "../bytes/memory-directory-sink.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { createConverter } from "../conversion/create-converter.ts";
import { openCheckpoint } from "../conversion/open-checkpoint.ts";
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

/** As a caller without a compiler writes it. */
const anything = (value: unknown): never => value as never;
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
