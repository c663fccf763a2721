import { describe, expect, test } from "vitest";
import { rawAdapter, rawFile, rawModel, type RawTensor } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig, turnedLayout } from "../../test/sample-model.ts";
import { memoryDirectorySink } from "../bytes/memory-directory-sink.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { ProgressEvent } from "../accounting/progress.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { heads, type Head } from "../longformer/head.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import type { OpenOptions } from "./open-checkpoint.ts";
import { createConverter } from "./create-converter.ts";

const converter = createConverter({ adapters: [rawAdapter([plainLayout, turnedLayout])] });
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function written(head: Head, layout = plainLayout, keep = true): { name: string; shape: readonly number[] }[] {
  const compiled = compileLayout(layout, createLongformerSpec(sample(), head));
  return compiled.parameters.filter(({ parameter }) => keep || parameter.need !== "unused");
}

async function open(file: Uint8Array, options: Omit<OpenOptions, "adapters"> = {}, config: unknown = sampleConfig): Promise<Checkpoint> {
  const files = memoryFileSet("folder", {
    "model.raw": file,
    ...(config === null ? {} : { "config.json": json(config) }),
    "vocab.json": json({}),
  });
  return converter.open({ files }, options);
}

async function convert(source: Checkpoint, target: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const sink = memoryDirectorySink("out");
  await converter.convert(converter.plan(source, { target }), { sink });
  return sink.files;
}

describe.each(heads)("head %s", (head) => {
  test("there and back again: every bit, through transposes and prefixes", async () => {
    const first = await open(rawModel(written(head, plainLayout, false)), { head });
    expect(first).toMatchObject({ layout: "plain", prefix: head === "model" ? "" : "longformer.", orientation: "declared", head });
    const turned = await convert(first, "turned");
    expect([...turned.keys()]).toEqual(["model.raw", "config.json", "vocab.json"].filter((name) => turned.has(name)));
    const second = await converter.open({ files: memoryFileSet("turned", turned) }, { head });
    expect(second).toMatchObject({ layout: "turned", prefix: head === "model" ? "" : "body.", head });
    const third = await converter.open({ files: memoryFileSet("plain", await convert(second, "plain")) }, { head });
    for (const other of [second, third]) {
      const verification = await converter.verify(first, other);
      expect(verification).toMatchObject({ equal: true, differing: 0, onlyInA: [], onlyInB: [] });
    }
    const values = await third.weights().get("encoder.layer.1.intermediate.dense.weight")?.read();
    expect(values).toEqual(await first.weights().get("encoder.layer.1.intermediate.dense.weight")?.read());
  });
});

describe("finding out what a file is", () => {
  test("the head is known by names; a configuration of the bare model beside it does not hide it", async () => {
    const checkpoint = await open(rawModel(written("question-answering")), {}, { ...sampleConfig, architectures: ["LongformerModel"] });
    expect(checkpoint.head).toBe("question-answering");
  });

  test("heads with the same names need a word", async () => {
    const file = rawModel(written("multiple-choice"));
    expect((await open(file)).problem?.code).toBe("head-unknown");
    expect((await open(file, {}, { ...sampleConfig, architectures: ["LongformerForMultipleChoice"] })).head).toBe("multiple-choice");
    expect((await open(file, { head: "multiple-choice" })).problem).toBeUndefined();
  });

  test("a question-answering layer with another number of rows is not offered as that head", async () => {
    const four = written("question-answering").map(({ name, shape }) => ({
      name,
      shape: name.startsWith("qa_outputs") ? [4, ...shape.slice(1)] : shape,
    }));
    const { problem, head } = await open(rawModel(four));
    expect({ code: problem?.code, head }).toEqual({ code: "head-unknown", head: null });
    expect(problem?.message).toMatch(
      /qa_outputs\.weight \[4, 4\] is named as in the head question-answering, but that computes a linear layer of two rows/,
    );
    expect((await open(rawModel(four), { head: "question-answering" })).problem?.code).toBe("head-unknown");
    const trunk = await open(rawModel(four), { head: "model" });
    expect(trunk.problem).toBeUndefined();
    expect(trunk.weights().size).toBe(written("model").length);
  });

  test("a head whose shapes alone differ: the message offers the trunk", async () => {
    const wide = written("sequence-classification").map(({ name, shape }) => ({
      name,
      shape: name === "classifier.dense.weight" ? [9, 4] : name === "classifier.dense.bias" ? [9] : shape,
    }));
    const checkpoint = await open(rawModel(wide));
    expect(() => checkpoint.weights()).toThrow(
      /"classifier\.dense\.weight" has \[9, 4\], expected \[4, 4\].*the trunk agrees: --head model takes it/,
    );
  });

  test("a head of which parts are missing: the message offers the trunk", async () => {
    const half = written("question-answering").filter(({ name }) => name !== "qa_outputs.weight");
    const checkpoint = await open(rawModel(half), { head: "question-answering" });
    expect(() => checkpoint.weights()).toThrow(/lacks 1 of the parameters.*The trunk is whole: --head model takes it without a head/);
  });

  test.each(["", "model.", "net.encoder.", "a.b.c."])("any module prefix: %j, with the head at the top", async (prefix) => {
    const file = rawModel(
      written("question-answering").map(({ name, shape }) => ({
        name: name.startsWith("longformer.") ? prefix + name.slice("longformer.".length) : name,
        shape,
      })),
    );
    const checkpoint = await open(file);
    expect(checkpoint).toMatchObject({ prefix, head: "question-answering", problem: undefined });
    expect(checkpoint.weights().size).toBe(written("question-answering").length);
  });

  test("a whole model under a prefix, its head with it", async () => {
    const file = rawModel(written("question-answering").map(({ name, shape }) => ({ name: `model.${name}`, shape })));
    expect(await open(file)).toMatchObject({ prefix: "model.longformer.", head: "question-answering", problem: undefined });
  });

  test("two models in one file are not mixed: the prefix must be said", async () => {
    const file = rawModel(
      ["student.", "teacher."].flatMap((prefix) => written("model").map(({ name, shape }) => ({ name: prefix + name, shape }))),
    );
    const both = await open(file);
    expect(both.problem?.message).toContain(
      `two models lie in the file, under "student." (${written("model").length} tensors), "teacher." (${written("model").length} tensors; the same names and shapes as the first)`,
    );
    expect(both.models.map(({ prefix, read }) => ({ prefix, read }))).toEqual([
      { prefix: "student.", read: false },
      { prefix: "teacher.", read: false },
    ]);
    const teacher = await open(file, { prefix: "teacher." });
    expect(teacher.problem).toBeUndefined();
    expect(converter.plan(teacher, { target: "plain" })).toMatchObject({ unexpected: [], problem: undefined });
    expect(teacher.warnings).toEqual([`${written("model").length} tensors of other models, under "student.", are left out.`]);
    expect(teacher.tensors.every(({ sourceName }) => sourceName.startsWith("teacher."))).toBe(true);
  });

  test("names of a layout, matrices transposed: the rectangular ones decide, and the values come out right", async () => {
    const other = written("model", turnedLayout).map(({ name, shape }) => ({
      name,
      shape: shape.length === 2 && !name.startsWith("embeddings") ? shape.toReversed() : shape,
    }));
    const checkpoint = await open(rawModel(other));
    expect(checkpoint.orientation).toBe("transposed");
    expect(checkpoint.warnings.join()).toContain("transposed");
    expect(converter.plan(checkpoint, { target: "plain" }).steps.every(({ transposed }) => !transposed)).toBe(true);
    expect(converter.plan(checkpoint, { target: "turned" }).steps.filter(({ transposed }) => transposed)).toHaveLength(9 * 2 + 1);
  });

  test("mixed orientation is refused with both names", async () => {
    const mixed = written("model").map(({ name, shape }) => ({
      name,
      shape: name === "encoder.layer.1.output.dense.weight" ? shape.toReversed() : shape,
    }));
    const { problem } = await open(rawModel(mixed));
    expect(problem?.code).toBe("orientation-mixed");
    expect(problem?.message).toMatch(/encoder\.layer\.0\.intermediate\.dense\.weight.*encoder\.layer\.1\.output\.dense\.weight/);
  });

  test("square weights alone cannot tell: the layout must be said", async () => {
    const square = { ...sampleConfig, intermediate_size: 4 };
    const compiled = compileLayout(turnedLayout, createLongformerSpec(sample(square), "model"));
    const file = rawModel(compiled.parameters);
    expect((await open(file, {}, square)).problem?.code).toBe("orientation-undecided");
    expect((await open(file, { layout: "turned" }, square)).problem).toBeUndefined();
  });

  test("BERT, LED and strangers open for inspecting, and say why they cannot be converted", async () => {
    const bert = await open(rawModel(written("model").filter(({ name }) => !name.includes("_global"))));
    expect(bert).toMatchObject({ layout: null, head: null });
    expect(bert.problem?.message).toContain("BERT or RoBERTa");
    expect(() => bert.weights()).toThrow("query_global");
    const led = await open(rawModel([{ name: "led.encoder.layers.0.self_attn.longformer_self_attn.query.weight", shape: [4, 4] }]));
    expect(led.problem?.message).toContain("LED");
    const stranger = await open(rawModel([{ name: "conv1.weight", shape: [4, 4] }]));
    expect(stranger.problem?.code).toBe("not-a-longformer");
    expect(stranger.tensors).toHaveLength(1);
  });

  test("without a configuration only the published shapes are known", async () => {
    const { problem } = await open(rawModel(written("model")), {}, null);
    expect(problem?.code).toBe("config-missing");
    expect((await open(rawModel(written("model"), { config: sampleConfig }), {}, null)).configOrigin).toContain("inside");
    expect((await open(rawModel(written("model")), { config: sampleConfig }, null)).problem).toBeUndefined();
  });
});

describe("a file that does not fit", () => {
  test("missing and misspelt parameters are named with the nearest name", async () => {
    const file = rawModel(
      written("model").map(({ name, shape }) => ({
        name: name === "encoder.layer.0.output.dense.bias" ? "encoder.layer.0.output.dens.bias" : name,
        shape,
      })),
    );
    const checkpoint = await open(file);
    const plan = converter.plan(checkpoint, { target: "turned" });
    expect(plan.missing).toEqual([{ name: "encoder.layer.0.output.dense.bias", nearest: "encoder.layer.0.output.dens.bias" }]);
    expect(plan.unexpected).toEqual([{ name: "encoder.layer.0.output.dens.bias", nearest: "encoder.layer.0.output.dense.bias" }]);
    const sink = memoryDirectorySink();
    await expect(converter.convert(plan, { sink })).rejects.toThrow('the file has "encoder.layer.0.output.dens.bias"');
    expect(sink.files.size).toBe(0);
  });

  test("a configuration of another size is refused with both shapes", async () => {
    const checkpoint = await open(rawModel(written("model")), {}, { ...sampleConfig, vocab_size: 9 });
    expect(() => checkpoint.weights()).toThrow('"embeddings.word_embeddings.weight" has [8, 4], expected [9, 4]');
  });

  test("a configuration with fewer layers does not cut the model", async () => {
    const checkpoint = await open(rawModel(written("model")), {}, { ...sampleConfig, num_hidden_layers: 1, attention_window: [4] });
    expect(() => checkpoint.weights()).toThrow("describes 1 layers");
  });

  test("two spellings of one parameter are refused unless they share their storage", async () => {
    const twice = (offset: number): RawTensor[] => [{ name: "embeddings.LayerNorm.gamma", shape: [4], offset }];
    const base = rawModel(written("model"));
    const split = base.indexOf(10) + 1;
    const header = JSON.parse(new TextDecoder().decode(base.subarray(4, split)));
    const weight = header.tensors.find(({ name }: RawTensor) => name === "embeddings.LayerNorm.weight");
    const same = rawFile([...header.tensors, ...twice(weight.offset)], base.subarray(split));
    const other = rawFile([...header.tensors, ...twice(0)], base.subarray(split));
    expect((await open(same)).weights().size).toBe(written("model").length);
    const copied = await open(other);
    expect(() => copied.weights()).toThrow(/"embeddings\.LayerNorm\.weight" and "embeddings\.LayerNorm\.gamma" are both/);
  });

  test("a tied copy with other values is refused, an equal one dropped", async () => {
    const names = [...written("masked-lm", plainLayout, false)];
    const base = rawModel(names);
    const split = base.indexOf(10) + 1;
    const { tensors } = JSON.parse(new TextDecoder().decode(base.subarray(4, split)));
    const decoder = (offset: number): Uint8Array =>
      rawFile([...tensors, { name: "lm_head.decoder.weight", shape: [8, 4], offset }], base.subarray(split));
    const tied = await open(decoder(tensors[0].offset));
    expect(converter.plan(tied, { target: "turned" }).dropped).toEqual([{ name: "lm_head.decoder.weight", reason: "tied" }]);
    await expect(convert(tied, "turned")).resolves.toBeDefined();
    await expect(convert(await open(decoder(tensors[1].offset)), "turned")).rejects.toThrow(
      "but 32 of its 32 values differ, by up to 32. If",
    );
  });

  test("two files of one folder, and none", async () => {
    await expect(converter.open({ files: memoryFileSet("empty", {}) })).rejects.toThrow("a model folder holds one of model.raw");
    await expect(converter.open({ files: memoryFileSet("f", { "x.bin": json("<html>") }), fileName: "y.bin" })).rejects.toThrow(
      "There is no file y.bin",
    );
  });

  test.each([
    ["version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"],
    ["\n<!DOCTYPE html><html>", "HTML page"],
    ["", "empty"],
    ["\u001f\u008b", "gzip"],
    ["whatever", "begins with the bytes 77 68"],
  ])("%j is no checkpoint, and the message says what it is", async (text, message) => {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    await expect(converter.open({ files: memoryFileSet("f", { "model.bin": bytes }), fileName: "model.bin" })).rejects.toThrow(message);
  });
});

describe("converting", () => {
  test("the pooler beside a head is dropped with its reason, or kept by a target that has a place for it", async () => {
    const source = await open(rawModel(written("question-answering")));
    const dropped = converter.plan(source, { target: "plain" });
    expect(dropped.dropped.map(({ name }) => name)).toEqual(["longformer.pooler.dense.weight", "longformer.pooler.dense.bias"]);
    expect(dropped.dropped[0]?.reason).toContain("no pooler");
    const kept = converter.plan(source, { target: "turned" });
    expect(kept.steps.map(({ target }) => target)).toContain("body.pooler.dense.weight");
    const { ignored, equal } = await converter.verify(
      source,
      await converter.open({ files: memoryFileSet("p", await convert(source, "plain")) }),
    );
    expect(equal).toBe(true);
    expect(ignored.map(({ name }) => name)).toEqual(["pooler.dense.weight", "pooler.dense.bias"]);
  });

  test("an already converted file is recognised and said so", async () => {
    const plan = converter.plan(await open(rawModel(written("question-answering", plainLayout, false))), { target: "plain" });
    expect(plan.alreadyConverted).toBe(true);
    expect(plan.warnings.join()).toContain('already is in the layout "plain"');
  });

  test("the configuration travels: unknown keys, the head's class, windows for each layer", async () => {
    const files = await convert(await open(rawModel(written("question-answering"))), "plain");
    expect(JSON.parse(new TextDecoder().decode(files.get("config.json")))).toEqual({
      ...sampleConfig,
      architectures: ["LongformerForQuestionAnswering"],
    });
  });

  test("casting reports an overflow and leaves nothing", async () => {
    const base = rawModel(written("model"));
    const huge = base.slice();
    new DataView(huge.buffer).setFloat32(base.indexOf(10) + 1, 1e30, true);
    const checkpoint = await open(huge);
    const sink = memoryDirectorySink();
    await expect(converter.convert(converter.plan(checkpoint, { target: "plain", dataType: "float16" }), { sink })).rejects.toThrow(
      "beyond the largest float16",
    );
    expect(sink.files.size).toBe(0);
    const cast = memoryDirectorySink();
    await converter.convert(converter.plan(checkpoint, { target: "plain", dataType: "bfloat16" }), { sink: cast });
    const narrow = await converter.open({ files: memoryFileSet("n", cast.files) });
    const verification = await converter.verify(checkpoint, narrow, { tolerance: 1e28 });
    expect(verification.equal).toBe(true);
    expect(verification.tensors[0]?.dataTypes).toEqual(["float32", "bfloat16"]);
  });

  test("progress counts bytes to the end, and an AbortSignal leaves nothing", async () => {
    const checkpoint = await open(rawModel(written("model")));
    const events: ProgressEvent[] = [];
    await converter.convert(converter.plan(checkpoint, { target: "turned" }), {
      sink: memoryDirectorySink(),
      onProgress: (event) => events.push(event),
    });
    expect(events.at(-1)).toMatchObject({ stage: "convert", unit: "bytes", done: events.at(-1)?.total });
    const sink = memoryDirectorySink();
    const aborted = converter.convert(converter.plan(checkpoint, { target: "turned" }), { sink, signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: "aborted" });
    expect(sink.files.size).toBe(0);
  });

  test("verify finds the one value that differs, and what is on one side only", async () => {
    const base = rawModel(written("model"));
    const changed = base.slice();
    new DataView(changed.buffer).setFloat32(base.length - 4, -0.25, true);
    const [a, b] = [await open(base), await open(changed)];
    const result = await converter.verify(a, b);
    expect(result).toMatchObject({ equal: false, differing: 1 });
    expect(result.tensors.filter(({ differing }) => differing > 0).map(({ name }) => name)).toEqual(["pooler.dense.bias"]);
    const headless = await open(rawModel(written("model").filter(({ name }) => !name.startsWith("pooler"))));
    expect(await converter.verify(a, headless)).toMatchObject({ equal: false, onlyInA: ["pooler.dense.weight", "pooler.dense.bias"] });
  });
});

test("an adapter of another specification version, no adapter, and names brought twice are refused", () => {
  const adapter = rawAdapter([plainLayout]);
  const later = { ...adapter, specificationVersion: JSON.parse("2") };
  expect(() => createConverter({ adapters: [later] })).toThrow("specification version 2");
  expect(() => createConverter({ adapters: [] })).toThrow(LongspanError);
  expect(() => createConverter({ adapters: [adapter, rawAdapter([{ ...plainLayout }])] })).toThrow('both bring a target "plain"');
});
