import { describe, expect, test } from "vitest";
import type { Graph } from "../graph/graph.ts";
import { operationSet, standardOperations } from "../graph/operations/standard-operations.ts";
import { fitGraph } from "../runtime/fit-graph.ts";
import { referenceRuntime } from "../runtime/reference-runtime.ts";
import type { Runtime, RuntimeCapabilities, Session, SessionInputs } from "../runtime/runtime.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TestKit } from "./test-kit.ts";
import { testRuntime } from "./test-runtime.ts";

/** Runs the kit on a runtime, or those of its tests whose name matches, and gives the names of the tests that fail. */
async function failuresOf(runtime: Runtime, only = /./): Promise<readonly string[]> {
  const tests: (readonly [name: string, body: () => void | Promise<void>])[] = [];
  const suites: string[] = [];
  const kit: TestKit = {
    describe(name, suite) {
      suites.push(name);
      suite();
      suites.pop();
    },
    test: (name, body) => void tests.push([[...suites, name].join(" > "), body]),
    expect,
  };
  testRuntime(kit, () => runtime);
  const failures: string[] = [];
  const chosen = tests.filter(([name]) => only.test(name));
  expect(chosen.length).toBeGreaterThan(3);
  for (const [name, body] of chosen) {
    try {
      await body();
    } catch {
      failures.push(name);
    }
  }
  return failures;
}

const reference = referenceRuntime();

/** A runtime that lacks something: it does what every runtime does with what it lacks. */
function lacking(capabilities: Partial<RuntimeCapabilities>): Runtime {
  const runtime: Runtime = {
    ...reference,
    name: "lacking",
    capabilities: { ...reference.capabilities, ...capabilities },
    prepare: async (graph, weights, options) => ({ ...(await reference.prepare(fitGraph(graph, runtime), weights, options)), graph }),
  };
  return runtime;
}

/** The reference with a change to its sessions. */
function changed(change: (session: Session, graph: Graph) => Partial<Session>): Runtime {
  return {
    ...reference,
    prepare: async (graph, weights, options) => {
      const session = await reference.prepare(graph, weights, options);
      return { ...session, ...change(session, graph) };
    },
  };
}

function clampedMask(mask: Tensor | undefined): SessionInputs {
  if (mask === undefined) return {};
  return {
    attention_mask: {
      dataType: "int32",
      shape: mask.shape,
      data: Int32Array.from(mask.data, (code: number | bigint) => Math.min(1, Number(code))),
    },
  };
}

describe("testRuntime passes", () => {
  test("a runtime without the fused attention, which core lowers for it", async () => {
    expect(
      await failuresOf(lacking({ operations: reference.capabilities.operations.filter((name) => name !== "longformerAttention") })),
    ).toEqual([]);
  });

  test("a runtime that declares what it lacks, and refuses it", async () => {
    const operations = reference.capabilities.operations.filter((name) => name !== "reduceSum" && name !== "nonzero");
    expect(await failuresOf(lacking({ operations, attentionWeights: false }))).toEqual([]);
  });
});

describe("testRuntime catches", () => {
  test("an operation that is a little wrong", async () => {
    const softmax = standardOperations.get("softmax");
    if (softmax === undefined) throw new Error("there is a softmax");
    const wrong = {
      ...softmax,
      evaluate: (...given: Parameters<typeof softmax.evaluate>) =>
        softmax.evaluate(...given).map((out) => ({ ...out, data: out.data.fill(0.1, 0, 1) })),
    };
    const failures = await failuresOf(
      referenceRuntime({ operations: operationSet([...standardOperations.values(), wrong as typeof softmax]) }),
    );
    expect(failures).toContain("operations > softmax: ordinary scores");
    expect(failures).toContain("longformerAttention in basic operations > globals in front");
    expect(failures.every((name) => name.includes("softmax") || name.includes("basic operations"))).toBe(true);
  });

  test("capabilities that are claimed and not there", async () => {
    const claimed = { ...lacking({ attentionWeights: false }), capabilities: reference.capabilities };
    const honest = lacking({ attentionWeights: false });
    const failures = await failuresOf(
      { ...claimed, prepare: (graph, weights, options) => honest.prepare(graph, weights, options) },
      /Longformers|softmax|globals/,
    );
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.every((name) => name.includes("with probabilities") || name.includes("with attention probabilities"))).toBe(true);
  });

  test("a runtime that does not ask whether the weights' files have changed", async () => {
    const careless: Runtime = { ...reference, prepare: (graph, weights, options) => reference.prepare(graph, new Map(weights), options) };
    expect(await failuresOf(careless, /^weights /)).toEqual(["weights > asks whether the files they were read from have changed"]);
  });

  test.each<[string, Runtime, string]>([
    [
      "a session that runs after its end",
      changed(() => ({ dispose: async () => {}, [Symbol.asyncDispose]: async () => {} })),
      "end with dispose, which may be called twice",
    ],
    [
      "a session that ignores the signal",
      changed(({ run }) => ({ run: (inputs, options) => run(inputs, { ...options, signal: undefined }) })),
      "stops when aborted, before and while it runs",
    ],
    [
      "a session whose disposal does not wait for what runs",
      changed(({ dispose }) => ({ dispose: async () => void dispose() })),
      "all end, each as it would, before a dispose comes back, however often it is called",
    ],
    ["a session that gives all outputs always", changed(({ run }) => ({ run: (inputs) => run(inputs) })), "only the outputs asked for"],
    [
      "a session that writes over what is given back and does not take it away",
      changed(({ run }) => ({
        run: async (inputs, options) => {
          const outputs = await run(inputs, options);
          for (const [name, { data }] of Object.entries(options?.reuse ?? {}))
            if (data.length === outputs[name]?.data.length) data.set(outputs[name].data);
          return outputs;
        },
      })),
      "may take the memory of outputs that are given back, and leaves no values of another run in it",
    ],
    [
      "a session that is silent",
      changed(({ run }) => ({ run: (inputs, options) => run(inputs, { ...options, onProgress: undefined }) })),
      "reports progress up to the last step",
    ],
    [
      "a session that lets masks of any number in",
      changed(({ run }) => ({ run: (inputs, options) => run({ ...inputs, ...clampedMask(inputs.attention_mask) }, options) })),
      "refuses when a mask beyond its range",
    ],
  ])("%s", async (_, runtime, name) => {
    const failures = await failuresOf(runtime, /^(?:runs|inputs|weights) /);
    expect(failures.some((failure) => failure.endsWith(name))).toBe(true);
    expect(failures.every((failure) => failure.startsWith("runs > ") || failure.startsWith("inputs > "))).toBe(true);
  });
});
