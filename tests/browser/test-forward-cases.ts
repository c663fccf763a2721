import { describe, expect, test } from "vitest";
import type { Runtime } from "@longspan/core/runtime";
import { forwardEntries, loadForwardCase } from "../forward-cases.ts";
import { comparableOutputs, maxDifference, runForwardCase } from "../forward-parity.ts";

/** Of each head one case; the trunk's with padding, with several globals, and with attention probabilities. */
export const someForwardCases: readonly string[] = [
  "model-ragged",
  "model-variable-globals",
  "model-attentions",
  "question-answering-text",
  "masked-lm-globals",
  "sequence-classification-automatic-global",
  "token-classification",
  "multiple-choice-automatic-globals",
];

const entries = await forwardEntries();

export interface TestForwardOptions {
  /** The largest absolute difference from what was recorded. */
  readonly maxAllowed: number;
  /** Names of fixtures/forward/cases.json. Default: all. */
  readonly cases?: readonly string[];
}

/** Holds a runtime to what transformers recorded. */
export function testForwardCases(
  title: string,
  runtime: Runtime,
  { maxAllowed, cases = entries.map(({ name }) => name) }: TestForwardOptions,
): void {
  describe(`gives what transformers gives: ${title}`, () => {
    for (const name of cases) {
      const entry = entries.find((candidate) => candidate.name === name);
      if (entry === undefined) throw new Error(`there is no case ${name}`);
      test(`${entry.name}: ${entry.description}`, async () => {
        const forward = await loadForwardCase(entry);
        const actual = await runForwardCase(runtime, entry, forward);
        for (const [output, expected] of Object.entries(comparableOutputs(forward, actual)))
          expect({ [output]: maxDifference(actual[output], expected) <= maxAllowed }).toEqual({ [output]: true });
      });
    }
  });
}
