import { describe, expect, test } from "vitest";
import { ort, type OrtModule } from "@longspan/runtime-ort";
import { forwardEntries, loadForwardCase } from "./forward-cases.ts";
import { comparableOutputs, maxDifference, runForwardCase } from "./forward-parity.ts";

const entries = await forwardEntries();
const modules: Readonly<Record<string, OrtModule>> = {
  "onnxruntime-node": await import("onnxruntime-node"),
  "onnxruntime-web": await import("onnxruntime-web"),
};

/** On every output of every case. */
const maxAllowed = 1e-5;

for (const [name, module] of Object.entries(modules)) {
  const runtime = ort({ module, threads: 1 });
  describe(`${name} gives what transformers gives`, () => {
    for (const entry of entries) {
      test(`${entry.name}: ${entry.description}`, async () => {
        const forward = await loadForwardCase(entry);
        const actual = await runForwardCase(runtime, entry, forward);
        expect(Object.keys(actual).toSorted()).toEqual(entry.outputs.toSorted());
        for (const [output, expected] of Object.entries(comparableOutputs(forward, actual))) {
          const difference = maxDifference(actual[output], expected);
          expect({ [output]: difference, allowed: difference <= maxAllowed }).toMatchObject({ allowed: true });
        }
      });
    }
  });
}
