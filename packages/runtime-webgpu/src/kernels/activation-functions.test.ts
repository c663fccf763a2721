import { activationFunctions, operations } from "@longspan/core/graph";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runOperation } from "../testing/run-operation.ts";
import { testDevice, type TestDevice } from "../testing/test-device.ts";
import { activationKernels } from "./activation.ts";

/** From -12 to 12 in fine steps, and in coarse ones far out. */
const fine = Array.from({ length: 24_001 }, (_, at) => (at - 12_000) / 1000);
const far = Array.from({ length: 81 }, (_, at) => 2 ** (at - 40));
const points = Float32Array.from([...fine, ...far, ...far.map((x) => -x)]);

describe("activation functions", () => {
  let device: TestDevice;
  beforeAll(async () => {
    device = await testDevice();
  });
  afterAll(() => device.device.destroy());

  /** By ones and by fours: a length that is a multiple of four, and one that is not. */
  const cases = activationFunctions.flatMap((name) =>
    [points.length - (points.length % 4), points.length - (points.length % 4) - 1].map((length) => ({ name, length })),
  );

  test.each(cases)("$name of $length points, to a few units in float32's last place", async ({ name, length }) => {
    const x = { dataType: "float32", shape: [length], data: points.slice(0, length) } as const;
    const attributes = { function: name };
    const [expected] = operations.activation.evaluate([x], attributes, new Map());
    const [actual] = await runOperation(device, activationKernels, [x], { attributes });
    const wrong = Array.from(expected?.data ?? []).flatMap((wanted, at) => {
      const found = Number(actual?.data[at]);
      const allowed = 2e-7 + 4e-7 * Math.abs(wanted);
      return Math.abs(found - wanted) <= allowed ? [] : [{ x: x.data[at], found, wanted }];
    });
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  test.each(activationFunctions)("%s keeps what is not a number, and goes to its limits", async (name) => {
    const x = { dataType: "float32", shape: [3], data: Float32Array.of(Number.NaN, 3e38, -3e38) } as const;
    const attributes = { function: name };
    const [actual] = await runOperation(device, activationKernels, [x], { attributes });
    const [, above, below] = Array.from(operations.activation.evaluate([x], attributes, new Map())[0]?.data ?? [], Number);
    expect([...(actual?.data ?? [])].map(Number)).toEqual([Number.NaN, above, expect.closeTo(below ?? Number.NaN, 12)]);
  });
});
