import { afterAll, expect, test } from "vitest";
import { matrixProductData, matrixProductName, matrixProducts, runMatrixProduct } from "../../testing/matrix-products.ts";
import { deviceWithMatrixUnits } from "../../testing/matrix-units.ts";

const gpu = await deviceWithMatrixUnits();
afterAll(() => gpu.device.destroy());

const cases = matrixProducts(gpu.matrixUnits.shapes).map((product) => ({ product, name: matrixProductName(product) }));

test.each(cases)("products of matrices on this device: $name", async ({ product }) => {
  expect(await runMatrixProduct(gpu, product, gpu.matrixUnits)).toEqual(matrixProductData(product).expected);
});
