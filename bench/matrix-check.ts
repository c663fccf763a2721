// `node --conditions=@longspan/source bench/matrix-check.ts`: whether this device's matrix units give right values, first the primitives one by
// one, then the attention kernels on them in each tiling, in the device's form and in plain WGSL. Nothing is timed. --plain: the primitives
// alone, in plain WGSL.
import type { DeviceFacts, MatrixShape, MatrixUnits } from "../packages/runtime-webgpu/src/kernel/device-facts.ts";
import { globalTilingsOf, tileGlobalTiling } from "../packages/runtime-webgpu/src/kernels/attention/global-tiling.ts";
import { jointTilingsOf } from "../packages/runtime-webgpu/src/kernels/attention/joint-tiling.ts";
import { headTilingsOf } from "../packages/runtime-webgpu/src/kernels/attention/tiling.ts";
import { matrixPrimitives, type MatrixOrder } from "../packages/runtime-webgpu/src/kernels/matrix/index.ts";
import { runOperation } from "../packages/runtime-webgpu/src/testing/run-operation.ts";
import { testDevice } from "../packages/runtime-webgpu/src/testing/test-device.ts";
import { createAttentionTensors, headSize, hidden, prepareAttention, type AttentionTensors } from "./attention-on-device.ts";

const given = await testDevice();
const shapeOfPlain = { rows: 16, columns: 16, inner: 16 };
const isPlain = process.argv.includes("--plain");
const units: MatrixUnits | undefined = isPlain ? { form: "plain", shapes: [shapeOfPlain], lanes: 32 } : given.facts.matrixUnits;
console.log(given.facts.name, JSON.stringify(units));
if (units !== undefined) {
  for (const shape of units.shapes) {
    for (const left of ["rows", "columns"] as const) {
      for (const right of ["rows", "columns"] as const) {
        for (const words of [false, true]) await primitive(units, shape, left, right, words);
      }
    }
  }
  if (isPlain) process.exit(0);
  const sizes = { sequence: 512, window: 512, globals: 16 };
  const tensors = createAttentionTensors(given, sizes, true);
  const plain = { ...units, form: "plain" } as const;
  await kernels(tensors, { ...given.facts, matrixUnits: units });
  await kernels(tensors, { ...given.facts, matrixUnits: { ...plain, shapes: units.shapes.slice(0, 1) } });
}
given.device.destroy();

async function primitive(form: MatrixUnits, shape: MatrixShape, left: MatrixOrder, right: MatrixOrder, words: boolean): Promise<void> {
  const { rows, columns, inner } = shape;
  const [leftStride, rightStride] = [(left === "rows" ? inner : rows) + 8, (right === "rows" ? columns : inner) + 8];
  const [leftSize, rightSize] = [(left === "rows" ? rows : inner) * leftStride, (right === "rows" ? inner : columns) * rightStride];
  const matrices = matrixPrimitives(form, shape, words ? ["left_tile", "right_tile"] : []);
  const type = (size: number): string => (words ? `array<vec4<u32>, ${size / 8}>` : `array<f16, ${size}>`);
  const copy = (side: "left" | "right", size: number): string =>
    words
      ? `for (var at = lane; at < ${size / 8}u; at += ${form.lanes}u) { ${side}_tile[at] = vec4<u32>(bitcast<vec2<u32>>(vec4<f16>(${[0, 1, 2, 3].map((i) => `${side}[8u * at + ${i}u]`).join(", ")})), bitcast<vec2<u32>>(vec4<f16>(${[4, 5, 6, 7].map((i) => `${side}[8u * at + ${i}u]`).join(", ")}))); }`
      : `for (var at = lane; at < ${size}u; at += ${form.lanes}u) { ${side}_tile[at] = ${side}[at]; }`;
  const code = `${matrices.directives}
struct Uniforms { unused: vec4<u32> }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> left: array<f16>;
@group(0) @binding(2) var<storage, read> right: array<f16>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
var<workgroup> left_tile: ${type(leftSize)};
var<workgroup> right_tile: ${type(rightSize)};
var<workgroup> sums: array<f32, ${rows * columns}>;
${matrices.declarations([
  { name: "left_tile", element: "f16" },
  { name: "right_tile", element: "f16" },
  { name: "sums", element: "f32" },
])}
@compute @workgroup_size(${form.lanes})
fn main(@builtin(local_invocation_index) lane: u32) {
  ${matrices.enter("lane")}
  ${copy("left", leftSize)}
  ${copy("right", rightSize)}
  workgroupBarrier();
  let l = ${matrices.loadLeft("left_tile", "0u", `${leftStride}u`, left)};
  let r = ${matrices.loadRight("right_tile", "0u", `${rightStride}u`, right)};
  var sum = ${matrices.zero};
  sum = ${matrices.multiplyAdd("l", "r", "sum")};
  ${matrices.store("sums", "0u", `${columns}u`, "sum")}
  workgroupBarrier();
  for (var at = lane; at < ${rows * columns}u; at += ${form.lanes}u) { out[at] = sums[at]; }
}`;
  const whole = (length: number, factor: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length }, (_, at) => ((at * factor) % 17) - 8);
  const [a, b] = [whole(leftSize, 5), whole(rightSize, 7)];
  const name = `${rows}x${columns}x${inner}, left by ${left}, right by ${right}, ${words ? "words" : "halves"}`;
  try {
    const [out] = await runOperation(
      given,
      {
        operation: "product",
        plan: ({ inputs, outputs }) => [
          {
            kernel: { name: "product", access: ["read", "read", "write"], code },
            uniforms: new ArrayBuffer(16),
            operands: [...inputs, ...outputs].map((tensor) => ({ tensor })),
            workgroups: [1, 1, 1],
            work: { floatingPointOperations: 0, bytes: 0 },
          },
        ],
      },
      [a, b].map((data) => ({ dataType: "float32", shape: [data.length], data }) as const),
      { storages: ["float16", "float16"], outputs: [{ dataType: "float32", shape: [rows * columns] }] },
    );
    let wrong = 0;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let sum = 0;
        for (let k = 0; k < inner; k++)
          sum +=
            (a[left === "rows" ? row * leftStride + k : k * leftStride + row] ?? 0) *
            (b[right === "rows" ? k * rightStride + column : column * rightStride + k] ?? 0);
        if (sum !== out?.data[row * columns + column]) wrong++;
      }
    }
    console.log(`  ${name}: ${wrong === 0 ? "right" : `${wrong} of ${rows * columns} WRONG`}`);
  } catch (error) {
    console.log(`  ${name}: failed: ${String(error).replaceAll("\n", " ").slice(0, 300)}`);
  }
}

async function kernels(tensors: AttentionTensors, facts: DeviceFacts): Promise<void> {
  const device = { ...given, facts };
  const context = async (how: Parameters<typeof prepareAttention>[2]): Promise<Float32Array> => {
    const prepared = await prepareAttention(device, tensors, how);
    await prepared.run(1);
    const found = await tensors.readContext();
    prepared.destroy();
    return found;
  };
  const staged = { kind: "staged", name: "staged" } as const;
  const tile = tileGlobalTiling(8, 4);
  const base = { window: staged, direct: staged, globalScores: tile, globalMix: tile, globalJoint: false } as const;
  const [direct, reassociated] = [
    await context({ tilings: base, reassociateUpTo: 0 }),
    await context({ tilings: base, reassociateUpTo: Number.POSITIVE_INFINITY }),
  ];
  const report = async (name: string, how: Parameters<typeof prepareAttention>[2], expected: Float32Array): Promise<void> => {
    try {
      const found = await context(how);
      const most = { globals: 0, locals: 0 };
      for (const [at, value] of expected.entries()) {
        const off = Math.abs(value - (found[at] ?? Number.NaN));
        const part = at < 16 * hidden ? "globals" : "locals";
        most[part] = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(most[part], off);
      }
      const sample = Array.from(
        { length: 4 },
        (_, at) => `${found[20 * hidden + at]?.toFixed(4)}/${expected[20 * hidden + at]?.toFixed(4)}`,
      );
      console.log(
        `  ${facts.matrixUnits?.form} ${name}: locals off by ${most.locals.toExponential(1)}, globals by ${most.globals.toExponential(1)} (found/expected: ${sample.join(" ")})`,
      );
    } catch (error) {
      console.log(`  ${name} failed: ${String(error).replaceAll("\n", " ").slice(0, 300)}`);
    }
  };
  console.log(
    `global rows: the two forms without matrix units are apart by ${Math.max(...direct.subarray(0, 16 * hidden).map((value, at) => Math.abs(value - (reassociated[at] ?? 0)))).toExponential(1)}`,
  );
  for (const tiling of headTilingsOf(facts, { length: headSize, halves: true })) {
    if (tiling.kind !== "matrix") continue;
    await report(`window, direct ${tiling.name}`, { tilings: { ...base, window: tiling, direct: tiling }, reassociateUpTo: 0 }, direct);
  }
  const reassociateUpTo = Number.POSITIVE_INFINITY;
  for (const tiling of jointTilingsOf(facts, hidden))
    await report(`scores and sums in one ${tiling.name}`, { tilings: { ...base, globalJoint: tiling }, reassociateUpTo }, reassociated);
  for (const tiling of globalTilingsOf(facts, true)) {
    if (tiling.kind !== "matrix") continue;
    await report(`scores ${tiling.name}`, { tilings: { ...base, globalScores: tiling }, reassociateUpTo }, reassociated);
    await report(`mix ${tiling.name}`, { tilings: { ...base, globalMix: tiling }, reassociateUpTo }, reassociated);
  }
}
