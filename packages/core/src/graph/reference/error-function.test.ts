import { expect, test } from "vitest";
import { errorFunction } from "./error-function.ts";

test("is torch's erf in float64", () => {
  const torch = [
    [1e-10, 1.1283791670955126e-10],
    [0.1, 0.1124629160182849],
    [0.5, 0.52049987781304652],
    [1, 0.84270079294971489],
    [2, 0.99532226501895271],
    [2.999, 0.99997776983140019],
    [3.001, 0.99997804833908222],
    [4, 0.99999998458274209],
    [5.5, 0.99999999999999267],
    [6.5, 1],
  ] as const;
  for (const [x, expected] of torch) {
    expect(Math.abs(errorFunction(x) - expected)).toBeLessThanOrEqual(4e-15 * expected);
    expect(errorFunction(-x)).toBe(-errorFunction(x));
  }
  expect(errorFunction(0)).toBe(0);
  expect(errorFunction(Number.POSITIVE_INFINITY)).toBe(1);
  expect(errorFunction(Number.NaN)).toBeNaN();
});
