import { LongspanError } from "../errors/longspan-error.ts";
import type { ProgressEvent } from "../accounting/progress.ts";
import { extendGraph } from "../graph/graph-builder.ts";
import { type GraphTensor, zeros } from "../graph/value.ts";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { prepareInputs } from "../longformer/prepare-inputs.ts";
import { memoryWeights } from "../runtime/memory-weights.ts";
import { referenceRuntime } from "../runtime/reference-runtime.ts";
import type { PrepareOptions, Runtime, Session, SessionInputs, Weights } from "../runtime/runtime.ts";
import { castTensor } from "../tensor/cast-tensor.ts";
import type { DataType } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { seededWeights, tinyConfig } from "./longformer-cases.ts";
import { tensorDifference, type Tolerance } from "./tensor-difference.ts";
import type { TestKit } from "./test-kit.ts";

const graph = longformerGraph(tinyConfig, "token-classification", { layers: 2, hiddenStates: true });
const weights: Weights = seededWeights(graph);
const someWeight = "encoder.layer.1.output.dense.weight";

function inputsOf(length: number, seed = 1): Record<string, Tensor> {
  const ids = [
    Array.from({ length }, (_, position) => 3 + ((position * 11 + seed * 5) % 47)),
    Array.from({ length }, (_, position) => 3 + ((position * 13 + seed) % 47)),
  ];
  const globals = ids.map((row) => row.map((_, position) => Number(position === seed % length)));
  return prepareInputs(tinyConfig, "token-classification", { input_ids: ids, global_attention_mask: globals });
}

function withInput(name: string, change: (tensor: Tensor) => Tensor | undefined): SessionInputs {
  const { [name]: tensor, ...others } = inputsOf(9);
  const changed = tensor === undefined ? undefined : change(tensor);
  return changed === undefined ? others : { ...others, [name]: changed };
}

function int32(shape: readonly number[], values: readonly number[]): Tensor {
  return { dataType: "int32", shape, data: Int32Array.from(values) };
}

function withValue(tensor: Tensor, index: number, value: number): Tensor {
  return int32(tensor.shape, Array.from(tensor.data, Number).with(index, value));
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return "nothing was thrown";
  } catch (error) {
    return LongspanError.isInstance(error) ? error.code : error;
  }
}

/** What a session owes its caller, whatever it computes. */
export function testRuntimeContract(
  { describe, test, expect }: TestKit,
  runtime: () => Promise<Runtime>,
  { dataType, tolerance }: { readonly dataType: DataType | undefined; readonly tolerance: Tolerance },
): void {
  const prepare = async (given: Weights = weights, options: PrepareOptions = {}): Promise<Session> =>
    (await runtime()).prepare(graph, given, { dataType, ...options });
  const withSession = async (use: (session: Session) => Promise<void>): Promise<void> => {
    const session = await prepare();
    await use(session).finally(() => session.dispose());
  };
  const expectTruth = async (actual: Readonly<Record<string, Tensor>>, inputs: SessionInputs, given: Weights = weights): Promise<void> => {
    const truth = await (await referenceRuntime().prepare(graph, given)).run(inputs);
    for (const [name, tensor] of Object.entries(actual)) {
      const expected = truth[name];
      expect({ [name]: expected === undefined ? "not an output" : tensorDifference(tensor, expected, tolerance) }).toEqual({
        [name]: undefined,
      });
    }
  };

  describe("the runtime itself", () => {
    test("says what it is and can", async () => {
      const { specificationVersion, name, capabilities } = await runtime();
      expect(specificationVersion).toBe(1);
      expect(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)).toBe(true);
      expect(new Set(capabilities.operations).size).toBe(capabilities.operations.length);
      expect(capabilities.operations.length > 0 && capabilities.dataTypes.length > 0).toBe(true);
    });

    test("refuses a data type it does not declare", async () => {
      expect(await codeOf(prepare(weights, { dataType: "uint64" }))).toBe("argument-invalid");
    });

    test("refuses an illegal graph", async () => {
      const illegal = { ...graph, nodes: graph.nodes.toReversed() };
      expect(await codeOf((await runtime()).prepare(illegal, weights, { dataType }))).toBe("graph-invalid");
    });
  });

  describe("weights", () => {
    const replaced = (name: string, tensor: LazyTensor | undefined): Weights => {
      const changed = new Map(weights);
      if (tensor === undefined) changed.delete(name);
      else changed.set(name, tensor);
      return changed;
    };

    test("names every missing one", async () => {
      const error: unknown = await prepare(new Map([...weights].filter(([name]) => !name.startsWith("classifier.")))).catch(
        (thrown: unknown) => thrown,
      );
      expect(LongspanError.isInstance(error) && error.code).toBe("weights-mismatch");
      for (const name of ["classifier.weight", "classifier.bias"]) expect(String(error).includes(name)).toBe(true);
    });

    test("refuses another shape", async () => {
      const turned = memoryWeights({ [someWeight]: { dataType: "float32", shape: [40, 24], data: new Float32Array(960) } }).get(someWeight);
      expect(await codeOf(prepare(replaced(someWeight, turned)))).toBe("weights-mismatch");
    });

    test("refuses NaN and infinity, naming the tensor", async () => {
      for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const data = new Float32Array(960).fill(0.5).fill(odd, 700, 701);
        const error: unknown = await prepare(
          replaced(someWeight, memoryWeights({ [someWeight]: { dataType: "float32", shape: [24, 40], data } }).get(someWeight)),
        ).catch((thrown: unknown) => thrown);
        expect(LongspanError.isInstance(error) && error.code).toBe("weights-not-finite");
        expect(LongspanError.isInstance(error) && error.details.tensor).toBe(someWeight);
      }
    });

    test("takes every float type", async () => {
      for (const type of ["float16", "bfloat16", "float64"] as const) {
        const cast: Weights = new Map([...weights].map(([name, tensor]) => [name, castTensor(tensor, type)]));
        const session = await prepare(cast);
        await expectTruth(await session.run(inputsOf(9)).finally(() => session.dispose()), inputsOf(9), cast);
      }
    });

    test("does not read what it does not need, and passes on what reading throws", async () => {
      const [first] = weights.values();
      if (first === undefined) throw new Error("there are weights");
      const reason = new LongspanError("io-failed", "The disk is gone.");
      const broken: LazyTensor = {
        ...first,
        name: "pooler.dense.weight",
        readBytes: () => Promise.reject(reason),
        read: () => Promise.reject(reason),
      };
      await (await prepare(new Map([...weights, [broken.name, broken]]))).dispose();
      const needed = weights.get(someWeight);
      if (needed === undefined) throw new Error("there is such a weight");
      const failing: LazyTensor = {
        ...broken,
        name: someWeight,
        shape: needed.shape,
        byteLength: needed.byteLength,
        chunks: () => failingChunks(reason),
      };
      expect(await codeOf(prepare(replaced(someWeight, failing)))).toBe("io-failed");
    });

    test("asks whether the files they were read from have changed", async () => {
      let asked = 0;
      const unchanged: Weights = Object.assign(new Map(weights), { checkUnchanged: async () => void asked++ });
      await (await prepare(unchanged)).dispose();
      expect(asked > 0).toBe(true);
      const reason = new LongspanError("source-changed", "The file was written meanwhile.");
      const changed: Weights = Object.assign(new Map(weights), { checkUnchanged: () => Promise.reject(reason) });
      expect(await codeOf(prepare(changed))).toBe("source-changed");
    });

    test("reports progress up to the last tensor", async () => {
      const events: ProgressEvent[] = [];
      await (await prepare(weights, { onProgress: (event) => events.push(event) })).dispose();
      expect(events.length > 0 && events.every(({ stage, done, total }) => stage === "prepare" && done <= total)).toBe(true);
      expect(events.at(-1)?.done).toBe(events.at(-1)?.total);
    });

    test("stops when aborted", async () => {
      expect(await codeOf(prepare(weights, { signal: AbortSignal.abort() }))).toBe("aborted");
    });
  });

  describe("inputs", () => {
    const refused: readonly (readonly [name: string, inputs: SessionInputs, code: string])[] = [
      ["one is missing", withInput("position_ids", () => undefined), "inputs-invalid"],
      ["one is unknown", { ...inputsOf(9), labels: int32([2, 9], Array<number>(18).fill(0)) }, "inputs-invalid"],
      ["another number of axes", withInput("input_ids", ({ data }) => int32([18], Array.from(data, Number))), "inputs-invalid"],
      ["another length than the others", withInput("attention_mask", () => int32([2, 8], Array<number>(16).fill(1))), "inputs-invalid"],
      ["fewer values than the shape says", withInput("attention_mask", () => int32([2, 9], Array<number>(16).fill(1))), "inputs-invalid"],
      ["nothing in them", withInput("input_ids", () => int32([2, 0], [])), "inputs-invalid"],
      ["a mask beyond its range", withInput("attention_mask", (tensor) => withValue(tensor, 3, 3)), "inputs-invalid"],
      ["a negative mask", withInput("global_attention_mask", (tensor) => withValue(tensor, 3, -1)), "inputs-invalid"],
      [
        "fractions for ids",
        withInput("input_ids", ({ shape }) => ({ dataType: "float32", shape, data: new Float32Array(18).fill(1.5) })),
        "inputs-invalid",
      ],
      [
        "an int64 beyond 32 bits",
        withInput("input_ids", ({ shape }) => ({ dataType: "int64", shape, data: new BigInt64Array(18).fill(4294967299n) })),
        "inputs-invalid",
      ],
      ["an id beyond the vocabulary", withInput("input_ids", (tensor) => withValue(tensor, 4, 50)), "id-out-of-range"],
      ["a negative id", withInput("input_ids", (tensor) => withValue(tensor, 4, -1)), "id-out-of-range"],
      ["a position beyond the table", withInput("position_ids", (tensor) => withValue(tensor, 8, 70)), "id-out-of-range"],
      ["a token type beyond the table", withInput("token_type_ids", (tensor) => withValue(tensor, 0, 2)), "id-out-of-range"],
    ];
    for (const [name, inputs, code] of refused) {
      test(`refuses when ${name}`, () => withSession(async (session) => expect(await codeOf(session.run(inputs))).toBe(code)));
    }

    test("takes int64 and narrow integers, and leaves them as they are", () =>
      withSession(async (session) => {
        const wide = Object.fromEntries(
          Object.entries(inputsOf(9)).map(([name, { shape, data }]): [string, Tensor] => [
            name,
            { dataType: "int64", shape, data: BigInt64Array.from(data, BigInt) },
          ]),
        );
        const narrow = Object.fromEntries(
          Object.entries(inputsOf(9)).map(([name, { shape, data }]): [string, Tensor] => [
            name,
            { dataType: "uint8", shape, data: Uint8Array.from(data, Number) },
          ]),
        );
        for (const inputs of [wide, narrow]) await expectTruth(await session.run(inputs), inputsOf(9));
        expect(Array.from(wide.input_ids?.data ?? [], Number)).toEqual(Array.from(inputsOf(9).input_ids?.data ?? [], Number));
      }));
  });

  describe("runs", () => {
    test("any length and batch, one after the other", () =>
      withSession(async (session) => {
        for (const length of [9, 1, 31, 2, 9]) await expectTruth(await session.run(inputsOf(length)), inputsOf(length));
        const one = prepareInputs(tinyConfig, "token-classification", { input_ids: [[7, 8, 9]] });
        await expectTruth(await session.run(one), one);
      }));

    test("several at once", () =>
      withSession(async (session) => {
        const all = [5, 17, 8, 31, 5].map((length, seed) => inputsOf(length, seed));
        const results = await Promise.all(all.map((inputs) => session.run(inputs)));
        for (const [index, inputs] of all.entries()) await expectTruth(results[index] ?? {}, inputs);
      }));

    test("only the outputs asked for", () =>
      withSession(async (session) => {
        const some = await session.run(inputsOf(9), { outputs: ["hidden_states.1"] });
        expect(Object.keys(some)).toEqual(["hidden_states.1"]);
        await expectTruth(some, inputsOf(9));
        expect(Object.keys(await session.run(inputsOf(9))).toSorted()).toEqual(graph.outputs.map(({ name }) => name).toSorted());
        expect(await codeOf(session.run(inputsOf(9), { outputs: ["logits", "lodgits"] }))).toBe("argument-invalid");
      }));

    test("gives tensors that are the caller's own", () =>
      withSession(async (session) => {
        const first = await session.run(inputsOf(9));
        for (const tensor of Object.values(first)) tensor.data.fill(7);
        await expectTruth(await session.run(inputsOf(9)), inputsOf(9));
      }));

    test("may take the memory of outputs that are given back, and leaves no values of another run in it", () =>
      withSession(async (session) => {
        const first = await session.run(inputsOf(9));
        const values = Object.entries(first).map(([name, { data }]) => [name, Array.from(data, Number)] as const);
        const second = await session.run(inputsOf(9, 2), { reuse: first });
        await expectTruth(second, inputsOf(9, 2));
        for (const [name, before] of values) {
          const { data } = first[name] ?? zeros("float32", [0]);
          expect({ [name]: data.length === 0 ? before : Array.from(data, Number) }).toEqual({ [name]: before });
        }
        const longer = await session.run(inputsOf(31), { reuse: second });
        await expectTruth(longer, inputsOf(31));
        const twice = [1, 2].map(async (seed) =>
          session.run(inputsOf(31, seed), { reuse: { ...longer, lodgits: { dataType: "int32", shape: [1], data: Int32Array.of(1) } } }),
        );
        for (const [index, outputs] of (await Promise.all(twice)).entries()) await expectTruth(outputs, inputsOf(31, index + 1));
        const reuse = { logits: [1, 2] } as unknown as Readonly<Record<string, GraphTensor>>;
        expect(await codeOf(session.run(inputsOf(9), { reuse }))).toBe("argument-invalid");
      }));

    test("gives outputs that are inputs or weights themselves as copies", async () => {
      const passing = extendGraph(graph, (builder, value) => {
        builder.output("ids", value("input_ids"));
        builder.output("bias", value("classifier.bias"));
      });
      const session = await (await runtime()).prepare(passing, weights, { dataType });
      const inputs = inputsOf(9);
      const { ids, bias } = await session.run(inputs, { outputs: ["ids", "bias"] });
      expect(Array.from(ids?.data ?? [], Number)).toEqual(Array.from(inputs.input_ids?.data ?? [], Number));
      ids?.data.fill(5);
      bias?.data.fill(5);
      await expectTruth(await session.run(inputsOf(9), { outputs: ["logits"] }).finally(() => session.dispose()), inputs);
    });

    test("stops when aborted, before and while it runs", () =>
      withSession(async (session) => {
        expect(await codeOf(session.run(inputsOf(9), { signal: AbortSignal.abort() }))).toBe("aborted");
        const controller = new AbortController();
        const running = session.run(inputsOf(60), { signal: controller.signal });
        controller.abort();
        expect(await codeOf(running)).toBe("aborted");
        await expectTruth(await session.run(inputsOf(9)), inputsOf(9));
      }));

    test("reports progress up to the last step", () =>
      withSession(async (session) => {
        const events: ProgressEvent[] = [];
        await session.run(inputsOf(9), { onProgress: (event) => events.push(event) });
        expect(events.length > 0 && events.every(({ stage, done, total }) => stage === "run" && done <= total)).toBe(true);
        expect(events.at(-1)?.done).toBe(events.at(-1)?.total);
      }));

    test("tell where their time went, where that was asked for", async () => {
      await withSession(async (session) => expect(session.profile).toBe(undefined));
      const preparing = prepare(weights, { profile: true });
      // Not every device can tell.
      if ((await codeOf(preparing)) === "feature-missing") return;
      const session = await preparing;
      expect(session.profile?.()).toBe(undefined);
      await expectTruth(await session.run(inputsOf(9)), inputsOf(9));
      const profile = session.profile?.();
      await session.dispose();
      if (session.profile === undefined) return;
      const { device, milliseconds = 0, steps = [] } = profile ?? {};
      expect(device).toBe(session.device);
      expect(milliseconds > 0 && steps.length > 0).toBe(true);
      for (const step of steps) {
        expect(step.node !== "" && step.kernel !== "").toBe(true);
        expect([step.milliseconds, step.floatingPointOperations, step.bytes].every((count) => count >= 0)).toBe(true);
      }
      const whole = await prepare(weights, { profile: "run" });
      for (const length of [9, 31]) await expectTruth(await whole.run(inputsOf(length)), inputsOf(length));
      await whole.dispose();
      if (whole.profile === undefined) return;
      const { steps: none = [], deviceMilliseconds = 0, milliseconds: seen = 0 } = whole.profile() ?? {};
      expect([none, deviceMilliseconds > 0, seen > 0]).toEqual([[], true, true]);
    });

    test("end as they would when the session is disposed meanwhile", async () => {
      const session = await prepare();
      const running = session.run(inputsOf(31));
      const late = session.dispose().then(() => codeOf(session.run(inputsOf(9))));
      expect(await codeOf(session.run(inputsOf(9)))).toBe("closed");
      await expectTruth(await running, inputsOf(31));
      expect(await late).toBe("closed");
    });

    test("all end, each as it would, before a dispose comes back, however often it is called", async () => {
      const session = await prepare();
      const controller = new AbortController();
      const ended: string[] = [];
      const inputs = [31, 9, 17].map((length, seed) => inputsOf(length, seed));
      const running = inputs.map((each) => session.run(each).finally(() => ended.push("run")));
      const aborted = codeOf(session.run(inputsOf(60), { signal: controller.signal })).finally(() => ended.push("run"));
      const wrong = codeOf(session.run({})).finally(() => ended.push("run"));
      const disposals = [session.dispose(), session.dispose(), session[Symbol.asyncDispose]()].map((each) => each.then(() => [...ended]));
      controller.abort();
      for (const endedBefore of await Promise.all(disposals)) expect(endedBefore.length).toBe(5);
      for (const [index, each] of inputs.entries()) await expectTruth((await running[index]) ?? {}, each);
      expect(await aborted).toBe("aborted");
      expect(await wrong).toBe("inputs-invalid");
      // Closed is closed, whatever the inputs.
      expect(await codeOf(session.run({}))).toBe("closed");
      expect(await codeOf(session.run(inputsOf(9), { signal: AbortSignal.abort() }))).toBe("closed");
    });

    test("end with dispose, which may be called twice", async () => {
      const session = await prepare();
      expect(session.graph).toBe(graph);
      expect(typeof session.device === "string" && session.device !== "").toBe(true);
      await session.dispose();
      await session.dispose();
      await session[Symbol.asyncDispose]();
      expect(await codeOf(session.run(inputsOf(9)))).toBe("closed");
      const again = await prepare();
      await expectTruth(await again.run(inputsOf(9)).finally(() => again.dispose()), inputsOf(9));
    });
  });
}

// oxlint-disable-next-line require-yield -- fails before it has anything to yield
async function* failingChunks(reason: Error): AsyncGenerator<Uint8Array> {
  throw reason;
}
