// `npm run bench:matrix-probe`: each primitive of matrix units alone on this device, in its own form: every shape it has, both orders of either operand, both kinds of
// workgroup memory, sums from memory and from zero. Prints what computes something else, and ends with 1 if anything does.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  matrixProductData,
  matrixProductKernels,
  matrixProductName,
  matrixProducts,
} from "../packages/runtime-webgpu/src/testing/matrix-products.ts";
import { runOperation } from "../packages/runtime-webgpu/src/testing/run-operation.ts";
import { testDevice } from "../packages/runtime-webgpu/src/testing/test-device.ts";

const { values: options } = parseArgs({ options: { output: { type: "string" } } });
const gpu = await testDevice();
const { matrixUnits } = gpu.facts;
console.log(`${gpu.facts.name}; matrix units: ${JSON.stringify(matrixUnits)}`);
const results: { name: string; problem: string | undefined }[] = [];
for (const product of matrixUnits === undefined ? [] : matrixProducts(matrixUnits.shapes)) {
  const name = matrixProductName(product);
  const { inputs, expected } = matrixProductData(product);
  let problem: string | undefined;
  try {
    const tensors = inputs.map((data) => ({ dataType: "float32", shape: [data.length], data }) as const);
    const [out] = await runOperation(gpu, matrixProductKernels(product, matrixUnits?.form ?? "plain"), tensors, {
      storages: ["float16", "float16", undefined],
      outputs: [{ dataType: "float32", shape: [expected.length] }],
    });
    const found = Array.from(out?.data ?? [], Number);
    const half = expected.length / 2;
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
gpu.device.destroy();
if (options.output !== undefined) await writeFile(options.output, JSON.stringify({ device: gpu.facts.name, results }, undefined, 1));
process.exitCode = results.some(({ problem }) => problem !== undefined) ? 1 : 0;
