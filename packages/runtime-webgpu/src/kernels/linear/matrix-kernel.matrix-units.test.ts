import { afterAll, describe } from "vitest";
import { testLinearOnMatrixUnits } from "../../testing/linear-on-matrix-units.ts";
import { deviceWithMatrixUnits } from "../../testing/matrix-units.ts";

const gpu = await deviceWithMatrixUnits();
afterAll(() => gpu.device.destroy());

describe("linear layers on this device's matrix units", () => {
  testLinearOnMatrixUnits(
    () => gpu,
    () => gpu.matrixUnits,
  );
});
