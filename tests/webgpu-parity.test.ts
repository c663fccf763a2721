import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DataType } from "@longspan/core";
import { buildGraph } from "@longspan/core/graph";
import type { Session } from "@longspan/core/runtime";
import { webgpu } from "@longspan/runtime-webgpu";
import { forwardEntries, loadForwardCase } from "./forward-cases.ts";
import { comparableOutputs, maxDifference, runForwardCase } from "./forward-parity.ts";

const entries = await forwardEntries();

/** On every output of every case. */
const maxAllowed = { float32: 1e-4, float16: 2e-2 } as const satisfies Partial<Record<DataType, number>>;

const runtime = webgpu();

// A session that stands keeps the device, and what is compiled for it, from case to case.
let standing: Session | undefined;
beforeAll(async () => {
  const nothing = buildGraph("nothing", (builder) => builder.output("x", builder.input("x", "float32", ["length"])));
  standing = await runtime.prepare(nothing, new Map());
});
afterAll(() => runtime.dispose());

test("on the device that all cases share", () => expect(standing?.device).toMatch(/./));

describe("the GPU gives what transformers gives", () => {
  for (const entry of entries) {
    test(`${entry.name}: ${entry.description}`, async () => {
      const forward = await loadForwardCase(entry);
      for (const dataType of ["float32", "float16"] as const) {
        const actual = await runForwardCase(runtime, entry, forward, { dataType });
        expect(Object.keys(actual).toSorted()).toEqual(entry.outputs.toSorted());
        for (const [name, expected] of Object.entries(comparableOutputs(forward, actual))) {
          const difference = maxDifference(actual[name], expected);
          expect({ [name]: difference, dataType, allowed: difference <= maxAllowed[dataType] }).toMatchObject({ allowed: true });
        }
      }
    });
  }
});
