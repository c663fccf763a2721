import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readSafetensorsHeader } from "./read-header.ts";
import { SafetensorsError } from "./safetensors-error.ts";

/** What the reference library said of each file (fixtures/make_fixtures.py records it). */
interface Case {
  readonly name: string;
  readonly segments: readonly (readonly [base64: string, times: number])[];
  readonly verdict: "accept" | "reject";
  readonly tensors?: readonly (readonly [name: string, dataType: string, shape: readonly string[], byteLength: number])[];
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL("../fixtures/verdicts.json", import.meta.url), "utf8"));

/** Where we refuse what the reference library takes, by the code of our refusal: all there are, and each is documented. */
const stricter: Readonly<Record<string, string>> = {
  "name twice, same range": "duplicate-key",
  "name twice, empty": "duplicate-key",
  "name twice by an escape": "duplicate-key",
  'metadata {"a":"b","a":"c"}': "duplicate-key",
  "entry is an array": "malformed",
  "dtype object": "malformed",
  "1025 ones": "limit-exceeded",
  "dimension 2^53 after 0": "malformed",
  "dimension 2^53 before 0": "malformed",
  "dimension 2^53+1 after 0": "malformed",
  "dimension 2^53+1 before 0": "malformed",
  "dimension 2^63 after 0": "malformed",
  "dimension 2^63 before 0": "malformed",
  "dimension 2^64-1 after 0": "malformed",
  "dimension 2^64-1 before 0": "malformed",
};

function contents(segments: Case["segments"]): Uint8Array {
  return Buffer.concat(
    segments.map(([base64, times]) => {
      const part = Buffer.from(base64, "base64");
      return Buffer.alloc(part.length * times, part);
    }),
  );
}

async function read(bytes: Uint8Array): Promise<unknown> {
  const source = {
    size: bytes.length,
    read: async (offset: number, length: number) => bytes.slice(offset, offset + length),
  };
  try {
    const { tensors } = await readSafetensorsHeader(source);
    return tensors
      .map(({ name, dataType, shape, byteLength }) => [name, dataType, shape.slice(0, 32).map(String), byteLength])
      .toSorted(([left], [right]) => Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right))));
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    return error.code;
  }
}

describe("the reference library's verdicts", () => {
  test.each(cases)("$verdict: $name", async ({ name, segments, verdict, tensors }) => {
    const found = await read(contents(segments));
    const agrees = verdict === "accept" ? { found: tensors } : { found: String(found) };
    expect({ found }).toEqual(stricter[name] === undefined ? agrees : { found: stricter[name] });
  });

  test("every exception is a file that the reference library accepts", () => {
    const accepted = cases.filter(({ verdict }) => verdict === "accept").map(({ name }) => name);
    expect(accepted).toEqual(expect.arrayContaining(Object.keys(stricter)));
  });

  test("no file changed a prototype", () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });
});
