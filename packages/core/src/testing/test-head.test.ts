import { describe, expect, test } from "vitest";
import { rawAdapter } from "../../test/raw-adapter.ts";
import { plainLayout } from "../../test/sample-model.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { defineHead, type HeadDefinition, type HeadParts } from "../longformer/head-definition.ts";
import { linearLayer } from "../graph/layers.ts";
import { operations } from "../graph/operations/standard-operations.ts";
import { referenceRuntime } from "../runtime/reference-runtime.ts";
import { testHead, type TestHeadOptions } from "./test-head.ts";

const parts: HeadParts = {
  name: "spans",
  labels: 2,
  lastLayer: "spans.start",
  parameters: ({ hiddenSize, labels }) => [
    { name: "spans.start.weight", shape: [labels, hiddenSize], role: "linear" },
    { name: "spans.start.bias", shape: [labels], role: "bias" },
  ],
  graph: (builder, hidden, { labels }) => ({ logits: linearLayer(builder, hidden, "spans.start", labels) }),
};

/** The names of the kit's tests that fail for a head. */
async function failuresOf(head: HeadDefinition, options?: TestHeadOptions): Promise<readonly string[]> {
  const tests: (readonly [name: string, body: () => void | Promise<void>])[] = [];
  testHead({ describe: (_, suite) => suite(), test: (name, body) => void tests.push([name, body]), expect }, head, options);
  const failures: string[] = [];
  for (const [name, body] of tests) {
    try {
      await body();
    } catch {
      failures.push(name);
    }
  }
  return failures;
}

describe("a head as it should be passes", () => {
  testHead({ describe, test, expect }, defineHead(parts), { adapters: [rawAdapter([plainLayout])], runtimes: [referenceRuntime()] });
});

test.each<readonly [string, Partial<HeadParts>, RegExp]>([
  ["another head's class", { architecture: "LongformerForMaskedLM" }, /^has a class of its own$/],
  [
    "a parameter that nothing computes with",
    { parameters: (sizes) => [...parts.parameters(sizes), { name: "spans.more.bias", shape: [2], role: "bias" }] },
    /^computes with all parameters/,
  ],
  [
    "a bias of two axes",
    {
      lastLayer: undefined,
      parameters: ({ hiddenSize }) => [{ name: "spans.scale", shape: [2, hiddenSize], role: "bias" }],
      graph: (builder, hidden) => ({
        logits: builder.apply(operations.linear, [hidden, builder.parameter("spans.scale", [2, hidden.shape[2] as number])]),
      }),
    },
    /^lists parameters/,
  ],
  ["a last layer that is not there", { lastLayer: "spans.end" }, /^has a row of its last layer/],
  ["a policy that is none", { globalAttention: () => ({ kind: "frist-token" }) as never }, /^says which tokens are global$/],
  [
    "rows that know of each other",
    {
      graph(builder, hidden, { labels }) {
        const summed = builder.apply(operations.reduceSum, [hidden], { axis: 0 });
        return { logits: linearLayer(builder, builder.apply(operations.add, [hidden, summed]), "spans.start", labels) };
      },
    },
    /^computes each row of a batch by itself/,
  ],
])("%s is seen", async (_, change, expected) => {
  const failures = await failuresOf(defineHead({ ...parts, ...change }));
  expect(failures.filter((name) => expected.test(name))).toHaveLength(1);
});

test("a target may refuse the head by its name, and nothing else", async () => {
  const adapter = rawAdapter([plainLayout]);
  const refusing = (details: object): TestHeadOptions => ({
    adapters: [
      {
        ...adapter,
        targets: adapter.targets.map((target) => ({
          ...target,
          write: () => Promise.reject(new LongspanError("argument-invalid", "It is not for this head.", { details: { ...details } })),
        })),
      },
    ],
  });
  expect(await failuresOf(defineHead(parts), refusing({ head: "spans" }))).toEqual([]);
  expect(await failuresOf(defineHead(parts), refusing({}))).toEqual([expect.stringContaining("travels through plain")]);
});

test("a runtime that computes something else is seen", async () => {
  const reference = referenceRuntime();
  const other = {
    ...reference,
    name: "other",
    prepare: async (...given: Parameters<typeof reference.prepare>) => {
      const session = await reference.prepare(...given);
      return {
        ...session,
        run: async (...inputs: Parameters<typeof session.run>) => {
          const outputs = await session.run(...inputs);
          for (const { data } of Object.values(outputs)) data[0] = 7;
          return outputs;
        },
      };
    },
  };
  expect(await failuresOf(defineHead(parts), { runtimes: [other] })).toEqual(["is computed by the runtime other as by the reference"]);
});

test("what is no head is told", () => {
  expect(() => testHead({ describe, test, expect }, parts as never)).toThrow(/what defineHead/);
  expect(() => testHead({ describe, test, expect }, undefined as never)).toThrow(/testHead is given what defineHead/);
});
