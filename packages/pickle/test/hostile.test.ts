import { describe as suite, expect, test } from "vitest";
import { describe, inertJson, PickleError, type PickleValue, readPickle, writePickle } from "../src/index.ts";
import { calls } from "./hostile/calls.ts";
import { contents } from "./hostile/contents.ts";
import type { HostileCase } from "./hostile/hostile-case.ts";
import { structure } from "./hostile/structure.ts";

const corpus: readonly (readonly [group: string, cases: readonly HostileCase[]])[] = Object.entries({
  ...calls,
  ...structure,
  ...contents,
});

suite.each(corpus)("%s", (_, cases) => {
  const accepted = cases.flatMap(({ verdict, ...rest }) => ("accept" in verdict ? [{ ...rest, ...verdict }] : []));
  const rejected = cases.flatMap(({ verdict, ...rest }) => ("reject" in verdict ? [{ ...rest, code: verdict.reject }] : []));

  test.each(rejected)("$code: $name", async ({ bytes, limits, code }) => {
    const error: unknown = await readPickle(bytes, { limits: limits ?? {} }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PickleError);
    expect(error).toMatchObject({ code });
    expect(error instanceof PickleError ? (error.offset ?? 0) : Infinity).toBeLessThanOrEqual(bytes.length);
  });

  test.each(accepted)("accepts $name", async ({ bytes, accept, expected }) => {
    const reading = await readPickle(bytes);
    expect(accept(reading)).toEqual(expected);
    expect(describe(reading.value).length).toBeLessThanOrEqual(120);
    expect(JSON.stringify(inertJson(reading.value)).length).toBeGreaterThan(0);
    expect([2, 4].map((protocol) => outcomeOfWriting(reading.value, protocol as 2 | 4))).not.toContain("another error");
  });
});

test("all eighteen kinds are there", () => {
  expect(corpus.map(([group]) => group.split(" ")[0]).filter((group) => group?.startsWith("P"))).toEqual(
    Array.from({ length: 18 }, (_, index) => `P${index + 1}`),
  );
});

test("nothing of JavaScript's own was changed", () => {
  expect([Object.keys(Object.prototype), Object.keys(Array.prototype)]).toEqual([[], []]);
});

/** What was read can be written, or is refused in the usual way. */
function outcomeOfWriting(value: PickleValue, protocol: 2 | 4): string {
  try {
    writePickle(value, { protocol });
    return "written";
  } catch (error) {
    return error instanceof PickleError ? "refused" : "another error";
  }
}
