import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { safetensorsDataTypes } from "./data-types.ts";
import { planSafetensors } from "./plan-file.ts";
import { looksLikeSafetensors, readSafetensorsHeader } from "./read-header.ts";
import { SafetensorsError } from "./safetensors-error.ts";
import type { SafetensorsSource } from "./safetensors-file.ts";

/** What the reference reader finds in the files under fixtures/written (fixtures/make_fixtures.py). */
interface Described {
  readonly metadata: readonly (readonly [string, string])[] | null;
  readonly order: readonly string[];
  readonly tensors: readonly (readonly [string, { dtype: string; shape: readonly number[]; data: string }])[];
}

const folder = new URL("../fixtures/written/", import.meta.url);
const described: Readonly<Record<string, Described>> = JSON.parse(
  readFileSync(new URL("../fixtures/written.json", import.meta.url), "utf8"),
);

function bytesSource(bytes: Uint8Array): SafetensorsSource {
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.slice(offset, offset + length),
  };
}

describe.each(Object.entries(described))("%s", (fileName, expected) => {
  const bytes = new Uint8Array(readFileSync(new URL(fileName, folder)));

  test("is read as the reference library reads it", async () => {
    const { metadata, tensors, dataOffset } = await readSafetensorsHeader(bytesSource(bytes));
    expect(metadata === undefined ? null : [...metadata]).toEqual(expected.metadata);
    expect(tensors.map(({ name }) => name)).toEqual(expected.order);
    const values = tensors.map(
      ({ name, dataType, shape, offset, byteLength }) =>
        [
          name,
          {
            dtype: dataType,
            shape,
            data: Buffer.from(bytes.subarray(offset, offset + byteLength)).toString("base64"),
          },
        ] as const,
    );
    expect(new Map(values)).toEqual(new Map(expected.tensors));
    expect(dataOffset % 8).toBe(0);
  });

  test("is planned byte for byte as the reference library writes it", async () => {
    const { metadata, tensors } = await readSafetensorsHeader(bytesSource(bytes));
    const options = metadata === undefined ? {} : { metadata };
    for (const given of [tensors, tensors.toReversed()]) {
      const plan = planSafetensors(given, options);
      expect(Buffer.from(plan.header).toString()).toBe(Buffer.from(bytes.subarray(0, plan.header.length)).toString());
      expect(plan.header).toEqual(bytes.subarray(0, plan.header.length));
      expect(plan.tensors).toEqual(tensors);
      expect(plan.byteLength).toBe(bytes.length);
    }
  });

  test("looks like one from its first 16 bytes", () => {
    expect(looksLikeSafetensors(bytes.subarray(0, 16), bytes.length)).toBe(true);
    expect(looksLikeSafetensors(bytes, bytes.length)).toBe(true);
  });

  test("is refused when it is cut anywhere", async () => {
    for (let length = 0; length < bytes.length; length++) {
      const error = await readSafetensorsHeader(bytesSource(bytes.subarray(0, length))).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SafetensorsError);
      expect((error as SafetensorsError).code).toBe("truncated");
    }
  });
});

test("every file of the folder is described", () => {
  expect(readdirSync(folder).toSorted()).toEqual(Object.keys(described).toSorted());
});

test("every data type that torch or numpy can write is among them", () => {
  const found = new Set(Object.values(described).flatMap(({ tensors }) => tensors.map(([, { dtype }]) => dtype)));
  // The reference library has no writer for these two from Python.
  expect(safetensorsDataTypes.filter((dataType) => !found.has(dataType))).toEqual(["F6_E2M3", "F6_E3M2"]);
});
