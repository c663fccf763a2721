import { describe, expect, test } from "vitest";
import { rawAdapter, rawFile, type RawTensor } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig, turnedLayout } from "../../test/sample-model.ts";
import type { Layout } from "../adapter/layout.ts";
import { memoryDirectorySink } from "../bytes/memory-directory-sink.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { floatConversion } from "../tensor/convert-floats.ts";
import { bytesPerElement, elementCount, type DataType } from "../tensor/data-type.ts";
import { checkTies } from "./check-ties.ts";
import { createConverter } from "./create-converter.ts";

/** The layout `turned` as Paddle has it: the decoder is the embeddings' transposed copy. */
const turnedTied: Layout = {
  ...turnedLayout,
  adds: [
    { name: "lm_head.decoder.weight", copyOf: "embeddings.word_embeddings.weight", transform: "transpose", reason: "tied" },
    { name: "lm_head.decoder.bias", copyOf: "lm_head.bias", reason: "tied" },
  ],
};
const plainTied: Layout = {
  ...plainLayout,
  adds: [...(plainLayout.adds ?? []), { name: "lm_head.decoder.bias", copyOf: "lm_head.bias", reason: "tied" }],
};
const converter = createConverter({ adapters: [rawAdapter([plainTied, turnedTied])] });
const embeddings = "embeddings.word_embeddings.weight";
const decoder = "lm_head.decoder.weight";

interface Written {
  readonly shape: readonly number[];
  readonly dataType?: DataType;
  readonly values: ArrayLike<number>;
}

/** Values that tell parameter and place, exact in every float type from bfloat16 on. */
function values(first: number, shape: readonly number[]): Float32Array {
  return Float32Array.from({ length: elementCount(shape) }, (_, index) => ((first + index) % 199) - 99);
}

function transposed({ shape, values: data, ...rest }: Written): Written {
  const [rows = 1, columns = 1] = shape;
  return {
    ...rest,
    shape: [columns, rows],
    values: Float32Array.from({ length: data.length }, (_, at) => data[(at % rows) * columns + Math.floor(at / rows)] ?? 0),
  };
}

/** A masked language model by written names; linear weights `against` the layout's axes. */
function model(layout: Layout, against: boolean, config = sampleConfig): Map<string, Written> {
  const { parameters } = compileLayout(layout, createLongformerSpec(sample(config), "masked-lm"));
  const kept = parameters.filter(({ parameter }) => parameter.need !== "unused");
  return new Map(
    kept.map(({ name, parameter, transpose }, index) => {
      const written = { shape: parameter.shape, values: values(index * 7, parameter.shape) };
      const turns = transpose !== (against && parameter.role === "linear" && parameter.shape.length === 2);
      return [name, turns ? transposed(written) : written];
    }),
  );
}

function file(tensors: ReadonlyMap<string, Written>): Uint8Array {
  const listed: RawTensor[] = [];
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { shape, values: data, dataType = "float32" }] of tensors) {
    const bytes = new Uint8Array(data.length * bytesPerElement(dataType));
    floatConversion("float32", dataType)(new Uint8Array(Float32Array.from(data).buffer), bytes);
    listed.push({ name, shape, dataType, offset });
    parts.push(bytes);
    offset += bytes.byteLength;
  }
  return rawFile(listed, new Uint8Array(parts.flatMap((part) => [...part])));
}

async function open(tensors: ReadonlyMap<string, Written>, config: Readonly<Record<string, unknown>> = sampleConfig): Promise<Checkpoint> {
  const files = memoryFileSet("folder", { "model.raw": file(tensors), "config.json": new TextEncoder().encode(JSON.stringify(config)) });
  return converter.open({ files });
}

async function converted(checkpoint: Checkpoint, target: string): Promise<Checkpoint> {
  const sink = memoryDirectorySink("out");
  await converter.convert(converter.plan(checkpoint, { target }), { sink });
  return converter.open({ files: memoryFileSet("out", sink.files) });
}

const layouts = [
  { layout: plainTied, prefix: "longformer." },
  { layout: turnedTied, prefix: "body." },
].flatMap(({ layout, prefix }) =>
  [false, true].map((against) => ({ layout, prefix, against, title: `${layout.name}${against ? ", axes against it" : ""}` })),
);

describe.each(layouts)("$title", ({ layout, prefix, against }) => {
  const base = (config = sampleConfig): Map<string, Written> => model(layout, against, config);
  const table = (tensors: ReadonlyMap<string, Written>): Written => tensors.get(prefix + embeddings) ?? { shape: [], values: [] };

  test.each([false, true])("a tied decoder is compared the way it lies (transposed: %j), and what is equal is dropped", async (turned) => {
    const tensors = base();
    tensors.set(decoder, turned ? transposed(table(tensors)) : table(tensors));
    const checkpoint = await open(tensors);
    expect(checkpoint).toMatchObject({ head: "masked-lm", problem: undefined, orientation: against ? "transposed" : "declared" });
    await expect(checkTies(checkpoint)).resolves.toBeUndefined();
    for (const target of ["plain", "turned"]) {
      expect(await converter.verify(await open(base()), await converted(checkpoint, target))).toMatchObject({ equal: true });
    }
  });

  test("a decoder of other values is refused, whether it is to be written or compared; the advice is right", async () => {
    const tensors = base();
    const other = transposed({ ...table(tensors), values: values(1, table(tensors).shape) });
    tensors.set(decoder, other);
    const checkpoint = await open(tensors);
    await expect(converted(checkpoint, "plain")).rejects.toMatchObject({ code: "weights-mismatch" });
    await expect(converter.verify(checkpoint, checkpoint)).rejects.toThrow(
      /should repeat .*32 of its 32 values differ.*"tie_word_embeddings": false/,
    );
    const untied = { ...sampleConfig, tie_word_embeddings: false };
    const apart = base(untied);
    apart.set(prefix + embeddings, table(tensors));
    const own = await open(apart, untied);
    expect(own.problem).toBeUndefined();
    expect(own.weights().has(decoder)).toBe(true);
    await expect(checkTies(own)).resolves.toBeUndefined();
  });

  test("a decoder that is neither the embeddings' shape nor its transpose", async () => {
    const tensors = base();
    tensors.set(decoder, { shape: [5, 4], values: values(0, [5, 4]) });
    await expect(checkTies(await open(tensors))).rejects.toThrow("its shape is [5, 4], where [8, 4] or its transpose was expected");
  });

  test("the decoder alone serves as the embeddings, its bias as the head's", async () => {
    const tensors = base();
    tensors.set(decoder, transposed(table(tensors)));
    tensors.set("lm_head.decoder.bias", tensors.get("lm_head.bias") ?? table(tensors));
    tensors.delete(prefix + embeddings);
    tensors.delete("lm_head.bias");
    const checkpoint = await open(tensors);
    expect(checkpoint).toMatchObject({ head: "masked-lm", problem: undefined });
    expect(checkpoint.warnings.filter((warning) => warning.includes("is taken for it"))).toHaveLength(2);
    for (const target of ["plain", "turned"]) {
      const copy = await converted(checkpoint, target);
      expect(await converter.verify(await open(base()), copy)).toMatchObject({ equal: true, onlyInA: [], onlyInB: [] });
    }
  });

  test("an untied decoder serves for nothing else", async () => {
    const untied = { ...sampleConfig, tie_word_embeddings: false };
    const tensors = base(untied);
    tensors.delete(prefix + embeddings);
    const checkpoint = await open(tensors, untied);
    expect(() => checkpoint.weights()).toThrow(/lacks 1 of the parameters.*embeddings\.word_embeddings\.weight/);
    const trunk = await converter.open(
      { files: memoryFileSet("f", { "model.raw": file(base(untied)), "config.json": new TextEncoder().encode(JSON.stringify(untied)) }) },
      { head: "model" },
    );
    expect(trunk.tensors.find(({ sourceName }) => sourceName === decoder)).toMatchObject({ role: "dropped" });
    await expect(checkTies(trunk)).resolves.toBeUndefined();
  });
});

describe("copies in another type", () => {
  const tied = (dataType: DataType, change = 0): Map<string, Written> => {
    const tensors = model(plainTied, false);
    const table = tensors.get(`longformer.${embeddings}`) ?? { shape: [], values: [] };
    tensors.set(decoder, { ...table, dataType, values: Float32Array.from(table.values, (value) => value + change) });
    return tensors;
  };

  test("are equal by their values", async () => {
    await expect(checkTies(await open(tied("bfloat16")))).resolves.toBeUndefined();
    await expect(checkTies(await open(tied("float64")))).resolves.toBeUndefined();
  });

  test("and different by them; a rounded copy is told apart from another one", async () => {
    await expect(checkTies(await open(tied("float64", 1)))).rejects.toThrow(/32 of its 32 values differ, by up to 1\. If/);
    const rounded = tied("bfloat16");
    const table = rounded.get(`longformer.${embeddings}`) ?? { shape: [], values: [] };
    const fine = { ...table, values: Float32Array.from(table.values, (value) => value + 2 ** -12) };
    rounded.set(`longformer.${embeddings}`, fine);
    rounded.set(decoder, { ...fine, dataType: "bfloat16" });
    await expect(checkTies(await open(rounded))).rejects.toThrow("one is the other, rounded to bfloat16. Save both in one type");
  });

  test("integers are no parameters: quantised, and named as such", async () => {
    const tensors = model(plainTied, false);
    const dense = tensors.get("lm_head.dense.weight") ?? { shape: [], values: [] };
    tensors.delete("lm_head.dense.weight");
    const bytes = file(tensors);
    const split = bytes.indexOf(10) + 1;
    const header: { tensors: RawTensor[] } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, split)));
    const whole = rawFile(
      [...header.tensors, { name: "lm_head.dense.weight", shape: dense.shape, dataType: "int8", offset: 0 }],
      bytes.subarray(split),
    );
    const files = memoryFileSet("folder", { "model.raw": whole, "config.json": new TextEncoder().encode(JSON.stringify(sampleConfig)) });
    const checkpoint = await converter.open({ files });
    expect(checkpoint.unreadable).toMatchObject([{ sourceName: "lm_head.dense.weight", canonicalName: "lm_head.dense.weight" }]);
    expect(() => checkpoint.weights()).toThrow(
      /a parameter is there but cannot be read\. "lm_head\.dense\.weight": its elements are int8, so it is quantised/,
    );
    expect(converter.plan(checkpoint, { target: "plain" })).toMatchObject({
      missing: [],
      unreadable: [{ sourceName: "lm_head.dense.weight" }],
      problem: { code: "unsupported" },
    });
  });
});
