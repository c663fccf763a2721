import { describe, expect, test } from "vitest";
import type { SafetensorsDataType } from "./data-types.ts";
import { compareCodePoints } from "./name-order.ts";
import { type PlanSafetensorsOptions, type SafetensorsDeclaration, planSafetensors } from "./plan-file.ts";
import { SafetensorsError } from "./safetensors-error.ts";

function failure(tensors: readonly SafetensorsDeclaration[], options?: PlanSafetensorsOptions): SafetensorsError {
  try {
    planSafetensors(tensors, options);
  } catch (error) {
    if (error instanceof SafetensorsError) return error;
    throw error;
  }
  throw new Error("expected a SafetensorsError");
}

const scalar = (name: string): SafetensorsDeclaration => ({ name, dataType: "F32", shape: [] });

describe("what cannot be written", () => {
  test.each([
    ["a name twice", [scalar("a"), scalar("a")], /"a" cannot .* twice/],
    ["a name twice in two types", [scalar("a"), { name: "a", dataType: "U8" as const, shape: [] }], /twice/],
    ["the metadata's name", [scalar("__metadata__")], /metadata/],
    ["a lone surrogate", [scalar("a\ud800")], /lone surrogate/],
    ["a negative dimension", [{ ...scalar("a"), shape: [2, -1] }], /\[2, -1\] has -1/],
    ["half a dimension", [{ ...scalar("a"), shape: [0.5] }], /0\.5/],
    ["no number", [{ ...scalar("a"), shape: [Number.NaN] }], /NaN/],
    ["an unknown data type", [{ ...scalar("a"), dataType: "F7" as SafetensorsDataType }], /"F7"/],
    ["half bytes", [{ ...scalar("a"), dataType: "F4" as const, shape: [3] }], /whole bytes/],
    ["2^55 bytes", [{ ...scalar("a"), shape: [2 ** 53 - 1] }], /larger than any file/],
    [
      "2^53 bytes in two",
      [
        { ...scalar("a"), shape: [2 ** 50] },
        { ...scalar("b"), shape: [2 ** 50] },
      ],
      /2\^53 bytes/,
    ],
  ])("%s", (_name, tensors, message) => {
    const error = failure(tensors);
    expect(error.code).toBe("argument-invalid");
    expect(error.tensor).toBe(
      tensors[0]?.name === "a" && tensors.length === 2 && message.source.startsWith("2\\^53") ? "b" : tensors[0]?.name,
    );
    expect(error.message).toMatch(message);
  });

  test("metadata that is not text", () => {
    expect(failure([], { metadata: { a: "\udc00" } })).toMatchObject({
      code: "argument-invalid",
      tensor: "a",
    });
    expect(failure([], { metadata: JSON.parse('{"n":1}') })).toMatchObject({
      code: "argument-invalid",
      tensor: "n",
    });
  });

  test("a header that no reader takes", () => {
    expect(failure([scalar("n".repeat(100_000_000))])).toMatchObject({ code: "limit-exceeded" });
  });
});

test("metadata of several keys keep the order given, in a map and in an object", () => {
  const metadata = { zebra: "1", format: "pt", ["__proto__"]: "own" };
  const expected = '{"__metadata__":{"zebra":"1","format":"pt","__proto__":"own"}}';
  for (const given of [metadata, new Map(Object.entries(metadata))]) {
    expect(
      Buffer.from(planSafetensors([], { metadata: given }).header.subarray(8))
        .toString()
        .trimEnd(),
    ).toBe(expected);
  }
});

test("names are ordered by code point, not by UTF-16 unit", () => {
  const names = ["\u{10000}", "\uffee", "\ue000", "\ud7ff", "b", "a", "", "a\u{1f600}", "a\uffff", "aa"];
  const utf8 = names.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  expect(names.toSorted(compareCodePoints)).toEqual(utf8);
  expect(names.toSorted()).not.toEqual(utf8);
});

test("the arguments are left alone", () => {
  const tensors = Object.freeze([scalar("b"), scalar("a")]);
  expect(planSafetensors(tensors).tensors.map(({ name }) => name)).toEqual(["a", "b"]);
});
