import { describe, expect, test } from "vitest";
import { plainLayout, sample, turnedLayout } from "../../test/sample-model.ts";
import type { EnvelopeContents } from "../adapter/envelope.ts";
import type { Layout } from "../adapter/layout.ts";
import { bytesSource } from "../bytes/bytes-source.ts";
import type { CheckpointTensor, Orientation } from "../checkpoint/checkpoint.ts";
import { createLongformerSpec, type LongformerSpec } from "../longformer/spec.ts";
import { parseLayout } from "../rules/parse-layout.ts";
import { bytesPerElement, elementCount, type DataType } from "../tensor/data-type.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";
import { canonicalNames, describeTensors, unreadableParameters } from "./describe-tensors.ts";
import type { LayoutMatch } from "./match-layout.ts";

type Shapes = Readonly<Record<string, readonly number[]>>;

const words = "embeddings.word_embeddings.weight";
const decoder = "lm_head.decoder.weight";

/** Second names of a trunk's and of a head's table, and one of a parameter that most heads have not. */
const layout: Layout = {
  ...plainLayout,
  adds: [
    { name: decoder, copyOf: words, reason: "the same table" },
    { name: "lm_head.twin", copyOf: words, reason: "the same table" },
    { name: "embeddings.twin", copyOf: words, reason: "the same table" },
    { name: "lm_head.other", copyOf: "classifier.weight", reason: "the same scores" },
  ],
};

interface File {
  readonly contents: EnvelopeContents;
  readonly match: LayoutMatch;
}

/** A file with tensors of these shapes, and others that cannot be read, as a layout reads their names. */
function file(
  shapes: Shapes,
  { from = layout, dataType = "float32", unreadable = [] }: { from?: Layout; dataType?: DataType; unreadable?: readonly string[] } = {},
): File {
  const parsed = parseLayout(from);
  const names = [...Object.keys(shapes), ...unreadable];
  const readings = names.map((name) => {
    const asTrunk = parsed.read(name.split("."), "trunk");
    return asTrunk.length > 0 ? asTrunk : parsed.read(name.split("."), "head");
  });
  const trunk = { prefix: "", headPrefix: "", trunk: new Map<string, number>(), head: new Map<string, number>(), isLongformer: true };
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const byteLength = elementCount(shape) * bytesPerElement(dataType);
    const storage = { source: bytesSource(new Uint8Array(byteLength)), offset: 0, byteLength };
    return { name, sourceName: `file.${name}`, tensor: stridedTensor({ name, dataType, shape, storage }) };
  });
  return {
    contents: {
      tensors,
      unreadable: unreadable.map((name) => ({ name, sourceName: `file.${name}`, reason: "sparse" })),
      dropped: [],
      metadata: new Map(),
      warnings: [],
    },
    match: { parsed, prefix: "", trunk, trunks: [trunk], readings, score: { read: names.length, byRules: names.length } },
  };
}

const specOf = (head: Parameters<typeof createLongformerSpec>[1], changes: Readonly<Record<string, unknown>> = {}): LongformerSpec =>
  createLongformerSpec(sample(changes), head);

interface Around {
  readonly orientation?: Orientation;
  readonly from?: Layout;
  readonly alone?: boolean;
  readonly vocabulary?: number;
}

/** What a tensor alone in its file is; `alone` false: beside the table that it may repeat. */
function one(
  name: string,
  shape: readonly number[],
  spec: LongformerSpec | null,
  { orientation = "declared", from = layout, alone = true, vocabulary = 8 }: Around = {},
): Omit<CheckpointTensor, "tensor"> | undefined {
  const { contents, match } = file({ [name]: shape, ...(alone ? {} : { [words]: [vocabulary, 4] }) }, { from });
  const [found] = describeTensors(contents, match, spec, orientation).tensors;
  if (found === undefined) return undefined;
  const { tensor, ...rest } = found;
  expect(tensor.shape).toEqual(shape);
  return rest;
}

describe("names and shapes before the configuration is known", () => {
  test("in canonical orientation, whichever the file's is; tables lie as they are", () => {
    const shapes = { "layers.0.intermediate.dense.weight": [4, 6], "layers.0.intermediate.dense.bias": [6], [words]: [8, 4] };
    const declared = file(shapes, { from: turnedLayout });
    expect(Object.fromEntries(canonicalNames(declared.contents, declared.match, "declared").shapes)).toEqual({
      "encoder.layer.0.intermediate.dense.weight": [6, 4],
      "encoder.layer.0.intermediate.dense.bias": [6],
      [words]: [8, 4],
    });
    const transposed = file({ "encoder.layer.0.intermediate.dense.weight": [4, 6], [words]: [8, 4] });
    expect(Object.fromEntries(canonicalNames(transposed.contents, transposed.match, "transposed").shapes)).toEqual({
      "encoder.layer.0.intermediate.dense.weight": [6, 4],
      [words]: [8, 4],
    });
  });

  test("a second name counts where the first is not there; what is left out does not", () => {
    const only = file({ "lm_head.twin": [7, 4], "embeddings.position_ids": [1, 10], stranger: [3] });
    expect(Object.fromEntries(canonicalNames(only.contents, only.match, "declared").shapes)).toEqual({ [words]: [7, 4] });
    for (const shapes of [
      { [words]: [8, 4], "lm_head.twin": [7, 4] },
      { "lm_head.twin": [7, 4], [words]: [8, 4] },
    ]) {
      const both = file(shapes);
      expect(canonicalNames(both.contents, both.match, "declared").shapes.get(words)).toEqual([8, 4]);
    }
  });

  test("what cannot be read has a name all the same", () => {
    const unreadable = ["pooler.dense.weight", "embeddings.position_ids", "stranger"];
    const { contents, match } = file({ [words]: [8, 4] }, { unreadable });
    expect([...canonicalNames(contents, match, "declared").names]).toEqual([words, "pooler.dense.weight"]);
    expect(unreadableParameters(contents, match)).toEqual([
      { sourceName: "file.pooler.dense.weight", canonicalName: "pooler.dense.weight", reason: "sparse" },
      { sourceName: "file.embeddings.position_ids", canonicalName: null, reason: "sparse" },
      { sourceName: "file.stranger", canonicalName: null, reason: "sparse" },
    ]);
    expect(describeTensors(contents, match, specOf("model"), "declared").unreadable).toEqual(unreadableParameters(contents, match));
  });
});

describe("what a tensor is", () => {
  test("a parameter of the head; of another head, left out; a layer too many, unexpected under its name", () => {
    const as = (canonicalName: string | null, role: string): object => ({ canonicalName, role, transposed: false });
    expect(one("qa_outputs.weight", [2, 4], specOf("question-answering"))).toEqual({
      sourceName: "file.qa_outputs.weight",
      ...as("qa_outputs.weight", "parameter"),
    });
    expect(one("qa_outputs.weight", [2, 4], specOf("model"))).toEqual({
      sourceName: "file.qa_outputs.weight",
      ...as(null, "dropped"),
      reason: 'not a parameter of the head "model"',
    });
    expect(one("encoder.layer.9.output.dense.bias", [4], specOf("model"))).toEqual({
      sourceName: "file.encoder.layer.9.output.dense.bias",
      ...as("encoder.layer.9.output.dense.bias", "unexpected"),
    });
    expect(one("stranger", [4], specOf("model"))).toEqual({ sourceName: "file.stranger", ...as(null, "unexpected") });
    expect(one("embeddings.position_ids", [1, 10], specOf("model"))).toEqual({
      sourceName: "file.embeddings.position_ids",
      ...as(null, "dropped"),
      reason: "an old buffer",
    });
  });

  test("without a specification, whatever its name says", () => {
    expect(one("qa_outputs.weight", [2, 4], null)).toMatchObject({ canonicalName: "qa_outputs.weight", role: "parameter" });
    expect(one("embeddings.position_ids", [1, 10], null)).toMatchObject({ canonicalName: null, role: "dropped", reason: "an old buffer" });
    expect(one("embeddings.twin", [4, 8], null, { alone: false })).toMatchObject({
      canonicalName: words,
      role: "alias",
      transposed: false,
    });
    expect(one("stranger", [4], null)).toMatchObject({ canonicalName: null, role: "unexpected" });
  });

  test("a second name beside the first; an untied decoder is a parameter, or another head's", () => {
    const alias = { canonicalName: words, role: "alias", transposed: false, reason: "the same table" };
    expect(one(decoder, [8, 4], specOf("masked-lm"), { alone: false })).toMatchObject(alias);
    expect(one(decoder, [8, 4], specOf("model"), { alone: false })).toMatchObject(alias);
    expect(one("embeddings.twin", [8, 4], specOf("model"), { alone: false })).toMatchObject(alias);
    expect(one("lm_head.other", [2, 4], specOf("masked-lm"), { alone: false })).toMatchObject({ canonicalName: null, role: "unexpected" });
    const untied = { tie_word_embeddings: false };
    expect(one(decoder, [8, 4], specOf("masked-lm", untied), { alone: false })).toMatchObject({
      canonicalName: decoder,
      role: "parameter",
    });
    expect(one(decoder, [8, 4], specOf("model", untied), { alone: false })).toMatchObject({
      canonicalName: null,
      role: "dropped",
      transposed: false,
      reason: 'not a parameter of the head "model"',
    });
  });

  test("the first second name stands for a parameter that is not there, and is told of; another repeats it", () => {
    const { contents, match } = file({ "lm_head.twin": [8, 4], "embeddings.twin": [8, 4] });
    const { tensors, notes } = describeTensors(contents, match, specOf("masked-lm"), "declared");
    expect(tensors.map(({ sourceName, role, canonicalName, reason }) => [sourceName, role, canonicalName, reason])).toEqual([
      ["file.lm_head.twin", "parameter", words, undefined],
      ["file.embeddings.twin", "alias", words, "the same table"],
    ]);
    expect(notes).toEqual([`The file has no ${words} of its own: "file.lm_head.twin" is taken for it (the same table).`]);
    const whole = file({ "lm_head.twin": [8, 4], [words]: [8, 4] });
    expect(describeTensors(whole.contents, whole.match, specOf("masked-lm"), "declared").notes).toEqual([]);
  });

  test("integers are no parameter's values, nor a second name's; elsewhere they are nothing to say", () => {
    const { contents, match } = file(
      { [words]: [8, 4], "lm_head.twin": [8, 4], "embeddings.position_ids": [1], stranger: [3] },
      { dataType: "int8" },
    );
    const { tensors, unreadable } = describeTensors(contents, match, specOf("masked-lm"), "declared");
    expect(tensors.map(({ sourceName, role }) => [sourceName, role])).toEqual([
      ["file.embeddings.position_ids", "dropped"],
      ["file.stranger", "unexpected"],
    ]);
    expect(unreadable).toEqual(
      [words, "lm_head.twin"].map((name) => ({
        sourceName: `file.${name}`,
        canonicalName: words,
        reason: expect.stringMatching(/^its elements are int8, so it is quantised/),
      })),
    );
  });
});

describe("how a matrix lies", () => {
  const spec = specOf("masked-lm");
  const transposed = (name: string, shape: readonly number[], orientation: Orientation, more: Around = {}): boolean | undefined =>
    one(name, shape, spec, { orientation, ...more })?.transposed;

  test("linear weights as the layout and the file say; tables and lists as the layout says", () => {
    for (const [name, turnedName] of [
      ["pooler.dense.weight", "pooler.dense.weight"],
      ["encoder.layer.0.output.dense.weight", "layers.0.output.dense.weight"],
    ] as const) {
      expect([transposed(name, [4, 4], "declared"), transposed(name, [4, 4], "transposed")]).toEqual([false, true]);
      const from = { from: turnedLayout };
      expect([transposed(turnedName, [4, 4], "declared", from), transposed(turnedName, [4, 4], "transposed", from)]).toEqual([true, false]);
    }
    for (const orientation of ["declared", "transposed"] as const) {
      expect(transposed(words, [8, 4], orientation)).toBe(false);
      expect(transposed("pooler.dense.bias", [4], orientation)).toBe(false);
      expect(transposed("pooler.dense.weight", [4, 4, 1], orientation)).toBe(false);
    }
  });

  test("a second name of a rectangular table as its own shape says", () => {
    for (const orientation of ["declared", "transposed"] as const) {
      const more = { alone: false };
      expect(transposed("lm_head.twin", [8, 4], orientation, more)).toBe(false);
      expect(transposed("lm_head.twin", [4, 8], orientation, more)).toBe(true);
      expect(transposed("lm_head.twin", [4, 8, 1], orientation, more)).toBe(false);
    }
  });

  test.each<[string, readonly number[], number]>([
    ["square", [4, 4], 4],
    ["of another shape, as long as one side", [8, 8], 8],
    ["of another shape, as long as the other", [4, 4], 8],
    ["of another shape altogether", [5, 3], 8],
  ])("where the shape does not say it (%s), a head's second name is a linear weight, a trunk's a table", (_name, shape, vocabulary) => {
    const own = specOf("masked-lm", { vocab_size: vocabulary });
    for (const [name, orientation, expected] of [
      ["lm_head.twin", "declared", false],
      ["lm_head.twin", "transposed", true],
      ["embeddings.twin", "declared", false],
      ["embeddings.twin", "transposed", false],
    ] as const)
      expect(one(name, shape, own, { orientation, alone: false, vocabulary })?.transposed).toBe(expected);
  });
});
