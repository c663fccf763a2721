import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rawAdapter } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig, turnedLayout } from "../../test/sample-model.ts";
import { stridesInOrder } from "../../test/strides-in-order.ts";
import type { FormatAdapter } from "../adapter/format-adapter.ts";
import type { Layout } from "../adapter/layout.ts";
import { bytesSource } from "../bytes/bytes-source.ts";
import { memoryDirectorySink } from "../bytes/memory-directory-sink.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { treeMap } from "../checkpoint/tree-map.ts";
import { defineHead, type AnyHead } from "../longformer/head-definition.ts";
import { embeddingParameter, linearParameters } from "../longformer/parameter-draft.ts";
import { createLongformerSpec, type ParameterSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { floatConversion } from "../tensor/convert-floats.ts";
import { bytesPerElement, elementCount, type DataType } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { readFloats } from "../tensor/read-floats.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";
import { createConverter } from "./create-converter.ts";

const text = new TextEncoder();

/** How the elements of a tensor lie in its storage. */
interface Form {
  readonly dataType: DataType;
  /** In which order the axes are walked: by these numbers. */
  readonly order: readonly number[];
  /** Elements between neighbours of the innermost axis, and before the first. */
  readonly gap: number;
  readonly offset: number;
  readonly byteOrder: "little" | "big";
}

const form: fc.Arbitrary<Form> = fc.record({
  dataType: fc.constantFrom<DataType>("float64", "float32", "float16", "bfloat16"),
  order: fc.tuple(fc.nat(9), fc.nat(9)),
  gap: fc.integer({ min: 1, max: 3 }),
  offset: fc.nat(5),
  byteOrder: fc.constantFrom("little", "big"),
});

/** The value of an element of a parameter, by its canonical place: another for each, and exact in all float types. */
const valueAt = (parameter: number, place: number): number => ((parameter * 31 + place * 7) % 250) - 125;

/** A tensor of these values in C order, laid into a storage of its own. */
function laid(
  name: string,
  shape: readonly number[],
  values: readonly number[],
  { dataType, order, gap, offset, byteOrder }: Form,
): LazyTensor {
  const { strides, length } = stridesInOrder(shape, order, gap);
  const width = bytesPerElement(dataType);
  // What lies between the elements is no value of theirs.
  const bytes = new Uint8Array((offset + length) * width).fill(0x55);
  const converted = new Uint8Array(values.length * width);
  if (dataType === "float64") converted.set(new Uint8Array(Float64Array.from(values).buffer));
  else floatConversion("float64", dataType)(new Uint8Array(Float64Array.from(values).buffer), converted);
  for (let element = 0; element < values.length; element++) {
    let [rest, place] = [element, offset];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += (rest % (shape[axis] ?? 1)) * (strides[axis] ?? 0);
      rest = Math.floor(rest / (shape[axis] ?? 1));
    }
    const one = converted.slice(element * width, (element + 1) * width);
    bytes.set(byteOrder === "big" ? one.toReversed() : one, place * width);
  }
  const storage = { source: bytesSource(bytes), offset: 0, byteLength: bytes.byteLength, byteOrder };
  return stridedTensor({ name, dataType, shape, strides, elementOffset: offset, storage });
}

function canonicalValues({ shape }: ParameterSpec, index: number): number[] {
  return Array.from({ length: elementCount(shape) }, (_, place) => valueAt(index, place));
}

function transposedValues(values: readonly number[], rows: number, columns: number): number[] {
  return Array.from({ length: values.length }, (_, place) => values[(place % rows) * columns + Math.floor(place / rows)] ?? Number.NaN);
}

/** An adapter that reads a file whose tensors are these, and what the test's own reads. */
function adapterOf(tensors: readonly LazyTensor[]): FormatAdapter {
  const raw = rawAdapter([plainLayout, turnedLayout]);
  return {
    ...raw,
    containers: [
      ...raw.containers,
      {
        name: "made",
        entryNames: ["model.made"],
        detect: ({ head }) => (head[0] === 0x6d ? { specificity: 90, evidence: "made" } : undefined),
        open: async () => ({
          root: treeMap([...tensors.map((tensor) => [tensor.name, tensor] as const), ["config", JSON.stringify(sampleConfig)]]),
          attributes: new Map(),
          warnings: [],
          close: async () => {},
        }),
      },
    ],
  };
}

interface Made {
  readonly head: AnyHead;
  readonly layout: Layout;
  /** All linear weights lie transposed against the layout. */
  readonly turned: boolean;
  readonly form: (index: number) => Form;
}

function madeTensors({ head, layout, turned, form: formOf }: Made): LazyTensor[] {
  const spec = createLongformerSpec(sample(), head);
  const { parameters } = compileLayout(layout, spec);
  return parameters.map(({ parameter, name, transpose }, index) => {
    const isTransposed = parameter.role === "linear" && parameter.shape.length === 2 && turned ? !transpose : transpose;
    const [rows = 1, columns = 1] = parameter.shape;
    const values = canonicalValues(parameter, index);
    return isTransposed
      ? laid(name, [columns, rows], transposedValues(values, rows, columns), formOf(index))
      : laid(name, parameter.shape, values, formOf(index));
  });
}

async function expectValues(checkpoint: Checkpoint, head: AnyHead): Promise<void> {
  const weights = checkpoint.weights();
  for (const [index, parameter] of createLongformerSpec(sample(), head).parameters.entries()) {
    const tensor = weights.get(parameter.name);
    if (tensor === undefined) {
      expect(parameter.need).toBe("unused");
      continue;
    }
    const found = await readFloats(tensor, { start: 0, count: elementCount(parameter.shape) });
    expect([parameter.name, tensor.shape, [...found]]).toEqual([parameter.name, parameter.shape, canonicalValues(parameter, index)]);
  }
}

describe("however the elements of a file lie, the values are what they are", () => {
  test.each(["question-answering", "masked-lm", "sequence-classification"] as const)("head %s, read and written", async (head) => {
    const cases = fc.record({
      layout: fc.constantFrom(plainLayout, turnedLayout),
      turned: fc.boolean(),
      forms: fc.array(form, { minLength: 7, maxLength: 7 }),
      target: fc.constantFrom("plain", "turned"),
      dataType: fc.constantFrom<DataType | undefined>(undefined, "float64", "float16", "bfloat16"),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ layout, turned, forms, target, dataType }) => {
        const tensors = madeTensors({ head, layout, turned, form: (index) => forms[index % forms.length] as Form });
        const converter = createConverter({ adapters: [adapterOf(tensors)] });
        const checkpoint = await converter.open({ files: memoryFileSet("made", { "model.made": text.encode("made") }) }, { head });
        expect([checkpoint.problem, checkpoint.orientation]).toEqual([undefined, turned ? "transposed" : "declared"]);
        await expectValues(checkpoint, head);
        const sink = memoryDirectorySink();
        await converter.convert(converter.plan(checkpoint, { target, ...(dataType === undefined ? {} : { dataType }) }), { sink });
        const written = await converter.open({ files: memoryFileSet("written", sink.files) }, { head });
        await expectValues(written, head);
        expect((await converter.verify(checkpoint, written, { tolerance: 0 })).differing).toBe(0);
      }),
      { numRuns: 15 },
    );
  });
});

/** The plain layout with other names, and linear weights that lie one way here and the other there. */
const someLayout: fc.Arbitrary<Layout> = fc
  .array(fc.record({ before: fc.constantFrom("", "m.", "m.n."), behind: fc.constantFrom("", ".own"), turned: fc.boolean() }), {
    minLength: plainLayout.rules.length,
    maxLength: plainLayout.rules.length,
  })
  .map((choices) => ({
    name: "some",
    trunkPrefix: "body.",
    rules: plainLayout.rules.map(({ from, to }, index) => {
      const { before = "", behind = "", turned = false } = choices[index] ?? {};
      const isLinear = from.endsWith(".weight") && !from.startsWith("embeddings.");
      return { from, to: before + to + behind, ...(isLinear && turned ? { transform: "transpose" as const } : {}) };
    }),
  }));

test.each(["question-answering", "masked-lm"] as const)("there and back through any layout, head %s", async (head) => {
  await fc.assert(
    fc.asyncProperty(someLayout, async (layout) => {
      const dense: Form = { dataType: "float32", order: [0, 1], gap: 1, offset: 0, byteOrder: "little" };
      const made = adapterOf(madeTensors({ head, layout: plainLayout, turned: false, form: () => dense }));
      const { targets, layouts } = rawAdapter([plainLayout, layout]);
      const converter = createConverter({ adapters: [{ ...made, targets, layouts }] });
      let place = { files: memoryFileSet("made", { "model.made": text.encode("made") }) };
      for (const [from, target] of [
        ["plain", "some"],
        ["some", "some"],
        ["some", "plain"],
      ] as const) {
        const checkpoint = await converter.open(place, { head, layout: from });
        expect([checkpoint.problem, checkpoint.orientation]).toEqual([undefined, "declared"]);
        await expectValues(checkpoint, head);
        const sink = memoryDirectorySink();
        await converter.convert(converter.plan(checkpoint, { target }), { sink });
        place = { files: memoryFileSet(target, sink.files) };
      }
      await expectValues(await converter.open(place, { head, layout: "plain" }), head);
    }),
    { numRuns: 25 },
  );
});

describe("a square table of a head of one's own", () => {
  const head = defineHead({
    name: "kinds",
    parameters: ({ hiddenSize }) => [
      embeddingParameter("kinds.table", hiddenSize, hiddenSize),
      ...linearParameters("kinds.scores", 3, hiddenSize),
    ],
    graph: (_builder, hidden) => ({ hidden }),
  });

  test.each([
    [plainLayout, false],
    [plainLayout, true],
    [turnedLayout, false],
    [turnedLayout, true],
  ])("is no linear weight, and lies as it is where those are transposed (%#)", async (layout, turned) => {
    const dense: Form = { dataType: "float32", order: [0, 1], gap: 1, offset: 0, byteOrder: "little" };
    const converter = createConverter({ adapters: [adapterOf(madeTensors({ head, layout, turned, form: () => dense }))] });
    const checkpoint = await converter.open({ files: memoryFileSet("made", { "model.made": text.encode("made") }) }, { head });
    expect(checkpoint.problem).toBeUndefined();
    await expectValues(checkpoint, head);
  });
});

test("two names of one storage that read it in two orientations are no second spelling of one parameter", async () => {
  const twice: Layout = {
    ...plainLayout,
    accepts: [
      { from: "encoder.layer.{i}.attention.self.query.weight", to: "encoder.layer.{i}.attention.self.q.weight", transform: "transpose" },
    ],
  };
  const dense: Form = { dataType: "float32", order: [0, 1], gap: 1, offset: 0, byteOrder: "little" };
  const tensors = madeTensors({ head: "model", layout: plainLayout, turned: false, form: () => dense });
  const query = tensors.find(({ name }) => name === "encoder.layer.0.attention.self.query.weight");
  if (query === undefined) throw new Error("there is no query");
  const again = stridedTensor({
    name: "encoder.layer.0.attention.self.q.weight",
    dataType: query.dataType,
    shape: query.shape,
    storage: query.storage.bytes ?? { source: bytesSource(new Uint8Array(0)), offset: 0, byteLength: 0 },
  });
  const adapter = adapterOf([...tensors, again]);
  const converter = createConverter({ adapters: [{ ...adapter, layouts: [twice] }] });
  const checkpoint = await converter.open({ files: memoryFileSet("made", { "model.made": text.encode("made") }) }, { head: "model" });
  expect(() => checkpoint.weights()).toThrow(/query\.weight" and .*q\.weight" are both the parameter/);
});
