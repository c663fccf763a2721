import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { activation, activationFunctions } from "../../graph/operations/activation.ts";
import { activationFunction, hiddenActivationSpellings } from "./activation-function.ts";

interface Recorded {
  readonly points: readonly number[];
  readonly hiddenAct: Readonly<Record<string, readonly number[]>>;
}

/** What transformers' ACT2FN gives, in float64: fixtures/make_activations.py. */
const recorded = JSON.parse(readFileSync(new URL("../../../../../fixtures/graph/activations.json", import.meta.url), "utf8")) as Recorded;

describe("what hidden_act may say", () => {
  test.each(activationFunctions.flatMap((name) => hiddenActivationSpellings[name].map((spelling) => ({ name, spelling }))))(
    "$spelling is $name, by the numbers of transformers",
    ({ name, spelling }) => {
      expect(activationFunction(spelling)).toBe(name);
      const { points, hiddenAct } = recorded;
      expect(hiddenAct, `fixtures/make_activations.py lacks the spelling "${spelling}"`).toHaveProperty([spelling]);
      const x = { dataType: "float32", shape: [points.length], data: Float32Array.from(points) } as const;
      const [out] = activation.evaluate([x], { function: name }, new Map());
      for (const [index, value] of (hiddenAct[spelling] ?? []).entries())
        expect(Math.abs(Number(out?.data[index]) - value)).toBeLessThanOrEqual(3e-7 * Math.max(1, Math.abs(value)));
    },
  );

  test("no spelling means two functions", () => {
    const all = Object.values(hiddenActivationSpellings).flat();
    expect(new Set(all).size).toBe(all.length);
  });
});
