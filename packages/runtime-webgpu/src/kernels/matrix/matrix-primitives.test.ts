import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  matrixProductCode,
  matrixProductData,
  matrixProductName,
  matrixProducts,
  runMatrixProduct,
} from "../../testing/matrix-products.ts";
import { plainMatrices } from "../../testing/plain-matrices.ts";
import { refusalOf } from "../../testing/matrix-units.ts";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";

let gpu: TestDevice;
beforeAll(async () => {
  gpu = await testDevice();
});
afterAll(() => gpu.device.destroy());

const cases = matrixProducts().map((product) => ({ product, name: matrixProductName(product) }));
const plain = { make: plainMatrices, lanes: 32 } as const;
const device = { lanes: 32 } as const;

describe("products of matrices", () => {
  test.each(cases)("$name: in plain WGSL", async ({ product }) => {
    expect(await runMatrixProduct(gpu, product, plain)).toEqual(matrixProductData(product).expected);
  });

  test.each(cases)("$name: Dawn takes the device's text", async ({ product }) => {
    expect(await refusalOf({ code: matrixProductCode(product, device) })).toBe(undefined);
  });

  test("text with mistakes is refused", async () => {
    const [product] = matrixProducts([{ rows: 16, columns: 8, inner: 16 }]);
    if (product === undefined) throw new Error("there is no product");
    const code = matrixProductCode(product, device).replace("subgroup_matrix_left<f16, 16, 16>", "subgroup_matrix_left<f16, 8, 16>");
    expect(await refusalOf({ code })).toMatch(/no matching call/);
  });
});
