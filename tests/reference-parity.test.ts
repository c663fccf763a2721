import { describe, expect, test } from "vitest";
import { heads } from "@longspan/core";
import { prepareInputs, referenceRuntime } from "@longspan/core/runtime";
import { comparableOutputs, maxDifference, runForwardCase } from "./forward-parity.ts";
import { forwardEntries, loadForwardCase } from "./forward-cases.ts";

const entries = await forwardEntries();

/** On logits, hidden states and pooler outputs, whatever the case: float32's own error is up to 2.2e-6 in them. */
const maxAllowed = 1e-5;

describe("the reference runtime gives what transformers gives", () => {
  test("for every kind of case", () => {
    expect(heads.filter((head) => !entries.some((entry) => entry.head === head))).toEqual([]);
    expect(entries.length).toBeGreaterThanOrEqual(35);
  });

  for (const entry of entries) {
    test(`${entry.name}: ${entry.description}`, async () => {
      const forward = await loadForwardCase(entry);
      for (const lowered of [false, true]) {
        const actual = await runForwardCase(referenceRuntime(), entry, forward, { lowered });
        expect(Object.keys(actual).toSorted()).toEqual(entry.outputs.toSorted());
        for (const [name, expected] of Object.entries(comparableOutputs(forward, actual))) {
          const allowed = name.includes("attentions.") ? entry.tolerance : maxAllowed;
          expect({ [name]: maxDifference(actual[name], expected) <= allowed }).toEqual({ [name]: true });
        }
        // As near to exact arithmetic as transformers' own float32, or nearly: our sums are in float64.
        for (const [name, exact] of Object.entries(forward.reference)) {
          expect({ [name]: maxDifference(actual[name], exact) <= Math.max(1e-6, 2 * entry.float32Error) }).toEqual({ [name]: true });
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
