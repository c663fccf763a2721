import { afterAll, describe } from "vitest";
import { testAttentionOnMatrixUnits } from "../../testing/attention-on-matrix-units.ts";
import { deviceWithMatrixUnits } from "../../testing/matrix-units.ts";

const gpu = await deviceWithMatrixUnits();
afterAll(() => gpu.device.destroy());
const { matrixUnits } = gpu;

describe("longformerAttention on this device's matrix units", () => {
  testAttentionOnMatrixUnits(() => gpu, {
    windows: [matrixUnits, [1, 1, 16]],
    globals: matrixUnits,
    joint: [matrixUnits, 8],
    scaled: {
      "sums of more columns than keys": [matrixUnits, [1, 1, 16], 24, 60],
      "subgroups that share rows": [matrixUnits, [4, 1, 32, 2], 16, 60],
      "values in the memory of the keys": [matrixUnits, [2, 1, 32, 1, true], 16, 60],
      "the same, and three subgroups that share rows": [matrixUnits, [3, 1, 32, 3, true], 16, 200],
    },
  });
});
