import type { FormatAdapter } from "../adapter/format-adapter.ts";
import { checkHead } from "../arguments/known-name.ts";
import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import { memoryDirectorySink } from "../bytes/memory-directory-sink.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import { createConverter } from "../conversion/create-converter.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { LongformerConfig } from "../longformer/config.ts";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { globalAttentionPolicy, type HeadDefinition } from "../longformer/head-definition.ts";
import { heads, headRecords } from "../longformer/head.ts";
import { parseLongformerConfig } from "../longformer/parse-config.ts";
import { prepareInputs } from "../longformer/prepare-inputs.ts";
import { createLongformerSpec, isTrunkName } from "../longformer/spec.ts";
import { referenceRuntime } from "../runtime/reference-runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { GraphTensor } from "../graph/value.ts";
import { shownValue } from "../text/shown-value.ts";
import { seededWeights, tinyConfig } from "./longformer-cases.ts";
import { seededCheckpoint, smallConfig } from "./seeded-checkpoint.ts";
import { tensorDifference, type Tolerance } from "./tensor-difference.ts";
import type { TestKit } from "./test-kit.ts";

/** What a head is tried with beside the reference runtime. */
export interface TestHeadOptions {
  /** The head travels through every target of these and back, each bit of it; targets for certain heads may refuse it by name. Default: none. */
  readonly adapters?: readonly FormatAdapter[] | undefined;
  /** Held to the reference runtime. Default: none. */
  readonly runtimes?: readonly Runtime[] | undefined;
  /** How far a runtime's outputs may be off. Default: 3e-5, absolute and relative. */
  readonly tolerance?: Tolerance | undefined;
}

const optionNames: OptionNames<TestHeadOptions> = { adapters: true, runtimes: true, tolerance: true };

/** Ids in rows, with three separators as heads that look for them take them. */
const rows: readonly (readonly number[])[] = [
  [0, 5, 9, 2, 2, 7, 11, 2],
  [0, 8, 2, 2, 6, 10, 12, 2],
];

/**
 * The conformance kit of heads: run it on your own, under vitest, Jest or Bun.
 *
 *     testHead({ describe, test, expect }, spanNer, { adapters: [torch(), onnx()], runtimes: [ort()] });
 *
 * Parameters and graph agree for models of several sizes and numbers of labels; every row of a batch is computed by itself, at any length, to numbers; which
 * tokens are global is known; a checkpoint of the head goes through each target and comes back bit for bit; each runtime computes what the reference does. What the
 * kit cannot know are the values that the model's own framework gives: record some of them as well.
 * @throws LongspanError `argument-invalid` for what is no head.
 */
export function testHead(kit: TestKit, head: HeadDefinition, options: TestHeadOptions = {}): void {
  const { describe, test, expect } = kit;
  if (typeof head !== "object" || head === null)
    throw new LongspanError("argument-invalid", `testHead is given what defineHead({ … }) makes, not ${shownValue(head)}.`);
  checkHead(head);
  checkOptions(options, optionNames, "testHead");
  const { adapters = [], runtimes = [], tolerance = { absolute: 3e-5, relative: 3e-5 } } = options;
  const models = modelsOf(head);

  describe(`head ${head.name}`, () => {
    test("has a class of its own", () => {
      expect(heads.filter((other) => headRecords[other].architecture === head.architecture)).toEqual([]);
    });

    test("lists parameters that are no trunk's, each once, shaped as their roles are", () => {
      for (const config of models) {
        const own = ownParameters(head, config);
        const names = own.map(({ name }) => name);
        expect(names.filter((name, index) => isTrunkName(name) || !name.includes(".") || names.indexOf(name) !== index)).toEqual([]);
        const axes = { linear: 2, embedding: 2, bias: 1, normalization: 1 };
        expect(own.filter(({ shape, role }) => shape.length !== axes[role]).map(({ name }) => name)).toEqual([]);
      }
    });

    test("has the same parameters for models of all sizes, and says the same each time", () => {
      const [first, ...others] = models.map((config) => ownParameters(head, config).map(({ name, role }) => ({ name, role })));
      for (const other of others) expect(other).toEqual(first);
      for (const config of models) expect(ownParameters(head, config)).toEqual(ownParameters(head, config));
    });

    test("computes with all parameters that it lists, and no others", () => {
      for (const config of models) {
        const taken = longformerGraph(config, head).parameters.filter(({ name }) => !isTrunkName(name));
        const shapes = (all: readonly { readonly name: string; readonly shape: readonly number[] }[]): object =>
          Object.fromEntries(all.map(({ name, shape }) => [name, shape]));
        expect(shapes(taken)).toEqual(shapes(ownParameters(head, config)));
      }
    });

    if (head.lastLayer !== undefined)
      test("has a row of its last layer for each label, so that files show how many there are", () => {
        for (const config of models) {
          const spec = createLongformerSpec(config, head);
          for (const part of ["weight", "bias"])
            expect({ [part]: spec.parameter(`${head.lastLayer}.${part}`)?.shape[0] }).toEqual({ [part]: spec.labels });
        }
      });

    test("says which tokens are global", () => {
      for (const config of models) expect(typeof globalAttentionPolicy(config, head).kind).toBe("string");
    });

    test("computes each row of a batch by itself, at any length, to numbers", async () => {
      for (const config of models) {
        const together = await outputsOf(head, config, referenceRuntime(), rows);
        const alone = await Promise.all(rows.map((row) => outputsOf(head, config, referenceRuntime(), [row])));
        expect(Object.keys(together).length > 0).toBe(true);
        for (const [name, { data, shape, dataType }] of Object.entries(together)) {
          expect({ name, dataType, rows: shape[0], odd: data.findIndex((value) => !Number.isFinite(value)) }).toEqual({
            name,
            dataType: "float32",
            rows: rows.length,
            odd: -1,
          });
          const length = data.length / rows.length;
          for (const [row, outputs] of alone.entries()) {
            const own = { dataType, shape: [1, ...shape.slice(1)], data: data.slice(row * length, (row + 1) * length) } as GraphTensor;
            expect({ [name]: tensorDifference(outputs[name], own, tolerance) }).toEqual({ [name]: undefined });
          }
        }
        for (const { data } of Object.values(await outputsOf(head, config, referenceRuntime(), [[0]])))
          expect(data.every((value) => Number.isFinite(value))).toBe(true);
      }
    });

    for (const runtime of runtimes)
      test(`is computed by the runtime ${runtime.name} as by the reference`, async () => {
        for (const config of models) {
          const truth = await outputsOf(head, config, referenceRuntime(), rows);
          const found = await outputsOf(head, config, runtime, rows);
          for (const [name, expected] of Object.entries(truth))
            expect({ [name]: tensorDifference(found[name], expected, tolerance) }).toEqual({ [name]: undefined });
        }
      });

    for (const target of adapters.flatMap(({ targets }) => targets))
      test(`travels through ${target.name} and back, bit for bit, unless it refuses the head by name`, async () => {
        const converter = createConverter({ adapters });
        const source = seededCheckpoint({ head, config: rawConfig(head, 3) });
        const sink = memoryDirectorySink("written");
        const refused = await converter.convert(converter.plan(source, { target: target.name }), { sink }).then(
          () => false,
          (error: unknown) => {
            if (!LongspanError.isInstance(error) || error.details.head !== head.name) throw error;
            return true;
          },
        );
        if (refused) {
          expect(sink.files.size).toBe(0);
          return;
        }
        const read = await converter.open(memoryFileSet("written", sink.files), { head });
        const { equal, compared, onlyInA, onlyInB } = await converter.verify(source, read);
        expect({ labels: read.spec?.labels, equal, compared, onlyInA, onlyInB }).toEqual({
          labels: source.spec?.labels,
          equal: true,
          compared: source.tensors.length,
          onlyInA: [],
          onlyInB: [],
        });
        await read.close();
      });
  });
}

/** Of two sizes, with so many labels as nothing says, three, and five. */
function modelsOf(head: HeadDefinition): readonly LongformerConfig[] {
  const labels = head.defaultLabels === 0 ? [undefined] : [undefined, 3, 5];
  return [...labels.map((count) => parseLongformerConfig(rawConfig(head, count)).config), tinyConfig];
}

function rawConfig(head: HeadDefinition, labels: number | undefined): Readonly<Record<string, unknown>> {
  const named =
    labels === undefined || head.defaultLabels === 0
      ? {}
      : { id2label: Object.fromEntries(Array.from({ length: labels }, (_, index) => [index, `label ${index}`])) };
  return { ...smallConfig, architectures: [head.architecture], ...named };
}

function ownParameters(head: HeadDefinition, config: LongformerConfig): ReturnType<typeof head.parameters> {
  return createLongformerSpec(config, head).parameters.flatMap(({ name, shape, role, part }) =>
    part === "head" ? [{ name, shape, role }] : [],
  );
}

/** What a runtime gives for rows of ids, on seeded weights; the first token is global, so that none has to be found. */
async function outputsOf(
  head: HeadDefinition,
  config: LongformerConfig,
  runtime: Runtime,
  ids: readonly (readonly number[])[],
): Promise<Readonly<Record<string, GraphTensor>>> {
  const graph = longformerGraph(config, head);
  const session = await runtime.prepare(graph, seededWeights(graph));
  try {
    const global_attention_mask = ids.map((row) => row.map((_, index) => Number(index === 0)));
    return await session.run(prepareInputs(config, head, { input_ids: ids, global_attention_mask }));
  } finally {
    await session.dispose();
  }
}
