// `npm run bench:matrix-probe`: each primitive of matrix units alone on this device, in its own form: every shape it has, both orders of either operand, both kinds of
// workgroup memory, sums from memory and from zero. Prints what computes something else, and ends with 1 if anything does.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  matrixProductData,
  matrixProductName,
  matrixProducts,
  runMatrixProduct,
} from "../packages/runtime-webgpu/src/testing/matrix-products.ts";
import { testDevice } from "../packages/runtime-webgpu/src/testing/test-device.ts";

const { values: options } = parseArgs({ options: { output: { type: "string" } } });
const gpu = await testDevice();
const { matrixUnits } = gpu.facts;
console.log(`${gpu.facts.name}; matrix units: ${JSON.stringify(matrixUnits)}`);
const results: { name: string; problem: string | undefined }[] = [];
if (matrixUnits !== undefined) {
  for (const product of matrixProducts(matrixUnits.shapes)) {
    const name = matrixProductName(product);
    const { expected } = matrixProductData(product);
    const half = expected.length / 2;
    let problem: string | undefined;
    try {
      const found = await runMatrixProduct(gpu, product, matrixUnits);
      const wrong = (from: number): number => expected.slice(from, from + half).filter((value, at) => value !== found[from + at]).length;
      const zeros = found.filter((value) => value === 0).length;
      if (wrong(0) + wrong(half) > 0)
        problem = `with sums from memory ${wrong(0)} of ${half} wrong, from zero ${wrong(half)}; ${zeros} zeros; wanted ${expected.slice(half, half + 6).join(" ")}, found ${found.slice(half, half + 6).join(" ")}`;
    } catch (error) {
      problem = (error instanceof Error ? error.message : String(error)).slice(0, 400);
    }
    results.push({ name, problem });
    console.log(`  ${problem === undefined ? "right" : "WRONG"} ${name}${problem === undefined ? "" : `: ${problem}`}`);
  }
}
gpu.device.destroy();
if (options.output !== undefined) await writeFile(options.output, JSON.stringify({ device: gpu.facts.name, results }, undefined, 1));
process.exitCode = results.some(({ problem }) => problem !== undefined) ? 1 : 0;
