import { describe, expect, test } from "vitest";
import { longformerGraph, lowerTo, prepareInputs, referenceRuntime, standardOperations, type Tensor } from "@longspan/core";
import { forwardEntries, loadForwardCase, type ForwardCase, type ForwardEntry } from "./forward-cases.ts";

const entries = await forwardEntries();
const basicOperations = [...standardOperations.keys()].filter((name) => name !== "longformerAttention");

/** On logits, hidden states and pooler outputs, whatever the case: float32's own error is up to 2.2e-6 in them. */
const largestAllowed = 1e-5;

/** What the reference runtime gives for a case, as written or with the attention in basic operations. */
async function run(
  { head, outputs }: ForwardEntry,
  { config, weights, inputs }: ForwardCase,
  lowered: boolean,
): Promise<Readonly<Record<string, Tensor>>> {
  const graph = longformerGraph(config, head, {
    hiddenStates: outputs.some((name) => name.startsWith("hidden_states.")),
    attentions: outputs.some((name) => name.startsWith("attentions.")),
    words: "inputs_embeds" in inputs ? "inputs_embeds" : "input_ids",
  });
  const session = await referenceRuntime().prepare(lowered ? lowerTo(graph, basicOperations, { runtime: "basic" }) : graph, weights);
  return session.run(prepareInputs(config, head, inputs)).finally(() => session.dispose());
}

function largestDifference(actual: Tensor | undefined, expected: Tensor): number {
  expect(actual?.shape).toEqual(expected.shape);
  let largest = 0;
  for (const [index, value] of expected.data.entries()) {
    const difference = Math.abs(Number(actual?.data[index]) - Number(value));
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
  }
  return largest;
}

/**
 * transformers leaves two things in global_attentions that we do not: the padding to the window on the third axis, and a constant in the
 * columns of rows with fewer global tokens than the most.
 */
function withoutTransformersPadding(recorded: Tensor, sequence: number, globals: Tensor | undefined): Tensor {
  const [batch = 0, heads = 0, padded = 0, places = 0] = recorded.shape;
  const data: number[] = [];
  for (let row = 0; row < batch * heads; row++) {
    const flags =
      globals === undefined
        ? []
        : Array.from(globals.data, Number).slice(Math.floor(row / heads) * sequence, (Math.floor(row / heads) + 1) * sequence);
    const count = flags.filter((flag) => flag === 1).length;
    for (let at = row * padded * places; at < (row * padded + sequence) * places; at++)
      data.push(at % places < count ? Number(recorded.data[at]) : 0);
  }
  return { dataType: "float32", shape: [batch, heads, sequence, places], data: Float32Array.from(data) };
}

describe("the reference runtime gives what transformers gives", () => {
  test("for every kind of case", () => {
    expect(new Set(entries.map(({ head }) => head)).size).toBe(6);
    expect(entries.length).toBeGreaterThanOrEqual(35);
  });

  for (const entry of entries) {
    test(`${entry.name}: ${entry.description}`, async () => {
      const forward = await loadForwardCase(entry);
      for (const lowered of [false, true]) {
        const actual = await run(entry, forward, lowered);
        expect(Object.keys(actual).toSorted()).toEqual(entry.outputs.toSorted());
        for (const [name, recorded] of Object.entries(forward.outputs)) {
          const sequence = actual[name]?.shape[2] ?? 0;
          const expected = name.startsWith("global_attentions.")
            ? withoutTransformersPadding(recorded, sequence, forward.inputs.global_attention_mask)
            : recorded;
          const allowed = name.includes("attentions.") ? entry.tolerance : largestAllowed;
          expect({ [name]: largestDifference(actual[name], expected) <= allowed }).toEqual({ [name]: true });
        }
        // As near to exact arithmetic as transformers' own float32, or nearly: our sums are in float64.
        for (const [name, exact] of Object.entries(forward.reference)) {
          expect({ [name]: largestDifference(actual[name], exact) <= Math.max(1e-6, 2 * entry.float32Error) }).toEqual({ [name]: true });
        }
      }
    });
  }
});

describe("prepareInputs fills in what transformers fills in", () => {
  for (const entry of entries.filter(({ name }) => name.includes("automatic") || name.endsWith("-text"))) {
    test(`${entry.name}, ${entry.head}`, async () => {
      const { config, inputs, filled } = await loadForwardCase(entry);
      const prepared = prepareInputs(config, entry.head, inputs);
      expect(Object.keys(filled)).toEqual(["global_attention_mask"]);
      // Multiple choice hands the trunk [batch * choices, sequence].
      for (const [name, { data }] of Object.entries(filled))
        expect(Array.from(prepared[name]?.data ?? [])).toEqual(Array.from(data, Number));
    });
  }
});
