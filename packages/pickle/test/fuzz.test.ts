import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  asBytes,
  asDict,
  describe,
  inertJson,
  PickleError,
  type PickleLimits,
  type PickleReading,
  readPickle,
  writePickle,
} from "../src/index.ts";
import { fixture } from "./fixtures.ts";

const samples = [
  "torch-data.pkl",
  "torch-legacy.pkl",
  "objects-0.pkl",
  "objects-1.pkl",
  "objects-4.pkl",
  "recursive-0.pkl",
  "recursive-4.pkl",
  "numpy-5.pkl",
];
const limits: Partial<PickleLimits> = { operations: 50_000, nodes: 50_000, memoEntries: 50_000, stackDepth: 50_000 };

/** Reads and then does all that can be done with what was read. Any error but ours passes through. */
async function exercise(bytes: Uint8Array): Promise<PickleError | PickleReading> {
  try {
    const reading = await readPickle(bytes, { limits, lazyBytes: 100, lazyText: 256 });
    describe(reading.value);
    JSON.stringify(inertJson(reading.value, { values: 1000 }));
    asDict(reading.value);
    asBytes(reading.value);
    for (const protocol of [2, 4] as const) writePickle(reading.value, { protocol });
    return reading;
  } catch (error) {
    if (error instanceof PickleError) return error;
    throw error;
  }
}

test.each(["torch-data.pkl", "objects-0.pkl", "objects-4.pkl", "numpy-5.pkl"])("cut off at every byte: %s", async (name) => {
  const whole = fixture(name);
  const outcomes = new Set<string>();
  // The inside of a payload that is skipped is all alike.
  for (let length = 0; length < whole.length; length += length > 2000 ? 97 : 1) {
    const inSource = { size: length, read: async (offset: number, count: number) => whole.slice(offset, offset + count) };
    for (const source of [whole.subarray(0, length), inSource]) {
      const error: unknown = await readPickle(source).catch((thrown: unknown) => thrown);
      outcomes.add(error instanceof PickleError ? error.code : `at ${length}: ${String(error)}`);
    }
  }
  expect([...outcomes]).toEqual(["pickle-truncated"]);
  expect((await readPickle(whole)).end).toBe(whole.length);
});

test.each(samples)("bytes changed at random: %s", async (name) => {
  const whole = fixture(name);
  const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) });
  const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
    const bytes = whole.slice();
    for (const { at, to } of changes) bytes[at] = to;
    await exercise(bytes);
  });
  await expect(fc.assert(property, { numRuns: 150 })).resolves.toBeUndefined();
});

test("parts cut out, repeated and joined", async () => {
  const files = samples.map(fixture);
  const part = fc.record({ file: fc.nat(files.length - 1), from: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.nat(200) });
  const property = fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
    const pieces = parts.map(({ file, from, length }) => {
      const bytes = files[file] ?? new Uint8Array(0);
      const start = Math.floor(from * bytes.length);
      return [...bytes.subarray(start, start + length)];
    });
    await exercise(Uint8Array.from(pieces.flat()));
  });
  await expect(fc.assert(property, { numRuns: 500 })).resolves.toBeUndefined();
});

test("any bytes", async () => {
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
    await exercise(bytes);
  });
  await expect(fc.assert(property, { numRuns: 500 })).resolves.toBeUndefined();
});
