import { describe, expect, test } from "vitest";
import { rawAdapter, rawFile, rawModel, type RawTensor } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig } from "../../test/sample-model.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { Head } from "../longformer/head.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { openCheckpoint } from "./open-checkpoint.ts";

interface Named {
  readonly name: string;
  readonly shape: readonly number[];
}

function written(head: Head, prefix: string, config: Readonly<Record<string, unknown>> = {}): Named[] {
  const { parameters } = compileLayout(plainLayout, createLongformerSpec(sample(config), head));
  return parameters.filter(({ parameter }) => parameter.need === "required").map(({ name, shape }) => ({ name: prefix + name, shape }));
}

async function open(file: Uint8Array, prefix?: string): Promise<Checkpoint> {
  const files = memoryFileSet("folder", { "model.raw": file, "config.json": new TextEncoder().encode(JSON.stringify(sampleConfig)) });
  return openCheckpoint({ files }, { adapters: [rawAdapter([plainLayout])], prefix });
}

describe("an average beside the model it follows", () => {
  const head = written("question-answering", "");
  const file = rawModel([
    ...written("question-answering", "model."),
    { name: "ema.step", shape: [1] },
    ...written("question-answering", "ema.online."),
    ...written("question-answering", "ema.average."),
  ]);

  test("all of them are named at once, with what differs", async () => {
    const checkpoint = await open(file);
    expect(checkpoint.problem).toMatchObject({ code: "ambiguous-format" });
    expect(checkpoint.problem?.message).toContain("3 models lie in the file");
    expect(checkpoint.models).toEqual(
      ["model.", "ema.online.", "ema.average."].map((module) => ({
        prefix: `${module}longformer.`,
        tensors: head.length,
        read: false,
        sameStorageAs: null,
        missing: [],
        extra: [],
        otherShapes: [],
      })),
    );
    expect(checkpoint.layout).toBe("plain");
  });

  test.each(["ema.average.longformer.", "ema.average.", "ema.average"])(
    "the prefix %j takes one; one line tells of the rest",
    async (prefix) => {
      const checkpoint = await open(file, prefix);
      expect(checkpoint).toMatchObject({ problem: undefined, prefix: "ema.average.longformer.", head: "question-answering" });
      expect(checkpoint.warnings).toEqual([
        `${2 * head.length} tensors of other models, under "model.longformer.", "ema.online.longformer.", and 1 beside them (ema.step), are left out.`,
      ]);
      expect(checkpoint.tensors.every(({ role }) => role === "parameter")).toBe(true);
      expect(checkpoint.models.map(({ prefix: name, read }) => [name, read])).toEqual([
        ["ema.average.longformer.", true],
        ["model.longformer.", false],
        ["ema.online.longformer.", false],
      ]);
      expect(checkpoint.weights().size).toBe(head.length);
    },
  );

  test("a copy in the same storages is named, too, as what it is", async () => {
    const plain = rawModel([...written("model", "model."), ...written("model", "ema.average.")]);
    const split = plain.indexOf(10) + 1;
    const { tensors }: { tensors: RawTensor[] } = JSON.parse(new TextDecoder().decode(plain.subarray(4, split)));
    const twins = tensors
      .filter(({ name }) => name.startsWith("model."))
      .map((tensor) => ({ ...tensor, name: `ema.online.${tensor.name.slice(6)}` }));
    const { problem, models } = await open(rawFile([...tensors, ...twins], plain.subarray(split)));
    expect(models.map(({ prefix, tensors: count, sameStorageAs }) => [prefix, count, sameStorageAs])).toEqual([
      ["model.", twins.length, null],
      ["ema.average.", twins.length, null],
      ["ema.online.", twins.length, "model."],
    ]);
    expect(problem?.message).toContain("the same tensors as under model., in one storage");
  });

  test("a prefix that nothing stands under is answered with those that there are", async () => {
    const { problem } = await open(file, "student.");
    expect(problem?.message).toContain(
      'no model stands under the prefix "student."; there is one under "model.longformer.", "ema.online.longformer."',
    );
  });
});

describe("models that differ", () => {
  test("names, layers and shapes", async () => {
    const small = { num_hidden_layers: 1, attention_window: [4], intermediate_size: 12 };
    const { models, problem } = await open(rawModel([...written("model", "teacher."), ...written("model", "student.", small)]));
    expect(models[1]).toMatchObject({
      prefix: "student.",
      extra: [],
      otherShapes: [{ name: "encoder.layer.0.intermediate.dense.weight", shape: [12, 4], firstShape: [6, 4] }, {}, {}],
    });
    expect(models[1]?.missing).toHaveLength(22);
    expect(problem?.message).toMatch(
      /"student\." \(27 tensors; without encoder\.layer\.1\.[^,]*, [^,]* and 20 more of the first, other shapes of/,
    );
  });

  test("warnings show what of a module's name could not be seen", async () => {
    const { warnings } = await open(rawModel([...written("model", ""), ...written("model", "a\u0000\u202e.")]), "");
    expect(warnings).toEqual([expect.stringContaining('under "a\\x00\\u202e.", are left out')]);
  });

  test("under 100,000 modules, beside many names: the head is found under one of them", async () => {
    const modules = "a.".repeat(100_000);
    const file = rawModel([
      ...written("model", `b.${modules}`).slice(0, 2),
      ...written("model", `${modules}longformer.`).filter(({ name }) => name.includes("query")),
      { name: `${modules}qa_outputs.bias`, shape: [2] },
      ...Array.from({ length: 2000 }, (_, index) => ({ name: `x${index}`, shape: [1] })),
    ]);
    const { prefix, models } = await open(file);
    expect(prefix).toBe(`${modules}longformer.`);
    expect(models).toMatchObject([{ prefix: `${modules}longformer.`, tensors: expect.any(Number) }]);
  });

  test("two towers beside one head: each can be taken, with the head", async () => {
    const file = rawModel([
      ...written("model", "query."),
      ...written("model", "passage."),
      { name: "qa_outputs.weight", shape: [2, 4] },
      { name: "qa_outputs.bias", shape: [2] },
    ]);
    for (const prefix of ["query.", "passage."]) {
      expect(await open(file, prefix)).toMatchObject({ problem: undefined, head: "question-answering", prefix });
    }
  });

  test("a larger BERT beside a Longformer does not hide it", async () => {
    const large = written("model", "bert.", { num_hidden_layers: 6, attention_window: [4, 4, 4, 4, 4, 4] });
    const checkpoint = await open(rawModel([...large.filter(({ name }) => !name.includes("_global")), ...written("model", "encoder_q.")]));
    expect(checkpoint).toMatchObject({ problem: undefined, prefix: "encoder_q." });
    expect(checkpoint.warnings.join()).toMatch(/\d+ tensors of other models, under "bert\.", are left out/);
    expect(checkpoint.tensors.every(({ role }) => role === "parameter")).toBe(true);
  });

  test("one model under two names, in the same storages, is one; the name with the head beside it is read", async () => {
    const plain = rawModel(written("question-answering", "model."));
    const split = plain.indexOf(10) + 1;
    const { tensors }: { tensors: RawTensor[] } = JSON.parse(new TextDecoder().decode(plain.subarray(4, split)));
    const twins = tensors
      .filter(({ name }) => name.includes("longformer."))
      .map((tensor) => ({ ...tensor, name: tensor.name.replace("model.longformer.", "encoder.") }));
    const checkpoint = await open(rawFile([...twins, ...tensors], plain.subarray(split)));
    expect(checkpoint).toMatchObject({ problem: undefined, prefix: "model.longformer.", head: "question-answering" });
    expect(checkpoint.warnings.join()).toContain(
      'The model also stands under "encoder.", in the same storages; it is read under "model.longformer."',
    );
  });
});
