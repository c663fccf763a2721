// `npm run bench:linear`: linear layers of Longformer base, [rows, in] · [in, out] + bias, in every tiling this adapter can run and in float32
// and float16 weights, against onnxruntime-web's WebGPU (Gemm, and MatMul with the weight the other way round) on the same device. All
// tensors lie on the device; values are checked first; medians of interleaved runs, as GFLOP/s and as ratios to the faster of
// onnxruntime's two. On a GPU also as a share of what a kernel of nothing but multiply-adds reaches.
// Options: --runs N (default 5), --shapes rows,in,out;… , --tilings a,b (default: those the adapter's kind is given, and the heuristic's choice),
// --quick (one run of the heuristic's choice alone, on a cold clock: whether all works), --output FILE (all figures as JSON).
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { castTensor } from "@longspan/core/adapter";
import { buildGraph, type Graph, operations } from "@longspan/core/graph";
import { memoryWeights } from "@longspan/core/runtime";
import type { LinearShape } from "../packages/runtime-webgpu/src/kernels/linear/check-tuning.ts";
import { chooseTiling } from "../packages/runtime-webgpu/src/kernels/linear/linear-tuning.ts";
import { createLinearBuffers, prepareTimedLinear, type LinearBuffers } from "../packages/runtime-webgpu/src/kernels/linear/timed-linear.ts";
import { tilingsOf } from "../packages/runtime-webgpu/src/kernels/linear/heuristic-tiling.ts";
import { liveDevice } from "../packages/runtime-webgpu/src/device/live-device.ts";
import { bufferUsage, mapMode } from "../packages/runtime-webgpu/src/device/gpu-constants.ts";
import { testDevice } from "../packages/runtime-webgpu/src/testing/test-device.ts";
import { multiplyAddPeak } from "./multiply-add-peak.ts";
import { openOnnxOnDevice } from "./onnx-on-device.ts";
import { warmClock } from "./warm-clock.ts";
import { median } from "./whole-process.ts";
import { steppedNoise } from "./stepped-noise.ts";

interface Contender {
  readonly name: string;
  /** Milliseconds of so many runs. */
  readonly run: (times: number) => Promise<number>;
  readonly times: number[];
}

/** A time is of as many runs as take about this long, of at most `maxRuns`. */
const minMilliseconds = 50;
const maxRuns = 100;
/** Elements whose sums are computed in float64 beside it. */
const samples = 200;

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    shapes: { type: "string", default: "1024,768,768;512,768,768;512,768,3072;512,3072,768" },
    tilings: { type: "string" },
    quick: { type: "boolean", default: false },
    output: { type: "string" },
  },
});
const { device, facts } = await testDevice();
const live = liveDevice(device, facts, "Run it again");
console.log(`${facts.name} (${facts.kind})`);
if (facts.kind === "gpu" && !options.quick) await warmClock(device);
const peak = facts.kind === "gpu" && !options.quick ? await multiplyAddPeak(device) : undefined;
if (peak !== undefined) console.log(`multiply-adds alone: ${peak.toFixed(0)} GFLOP/s`);
const figures: { readonly shape: readonly number[]; readonly gigaflops: Readonly<Record<string, number>> }[] = [];
for (const sizes of options.shapes.split(";")) {
  const [rows = 0, inner = 0, columns = 0] = sizes.split(",").map(Number);
  await compare({ rows, inner, columns });
}
device.destroy();
if (options.output !== undefined) await writeFile(options.output, JSON.stringify({ device: facts.name, multiplyAdds: peak, figures }));

async function compare({
  rows,
  inner,
  columns,
}: {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}): Promise<void> {
  const values = { x: steppedNoise(rows * inner, 1), weight: steppedNoise(columns * inner, 2), bias: steppedNoise(columns, 3) };
  const held: LinearBuffers[] = [];
  const contenders: Contender[] = [];
  const chosen = new Set<string>();
  for (const weightStorage of ["float32", "float16"] as const) {
    const shape: LinearShape = { rows, columns, inner, weightStorage };
    const buffers = await createLinearBuffers(live, shape);
    held.push(buffers);
    device.queue.writeBuffer(buffers.x, 0, values.x);
    device.queue.writeBuffer(buffers.bias, 0, values.bias);
    device.queue.writeBuffer(buffers.weight, 0, weightStorage === "float32" ? values.weight : await halves(values.weight));
    const heuristic = chooseTiling(undefined)(facts, { rows, columns, inner, stack: 1, rightLayout: "columns" }, weightStorage);
    const wanted = options.tilings?.split(",");
    for (const tiling of tilingsOf(facts)) {
      if (wanted !== undefined && !wanted.includes(tiling.name)) continue;
      if (options.quick && tiling.name !== heuristic.name) continue;
      // Split sums are for few rows, and a lane each for a column too.
      if (
        wanted === undefined &&
        rows > 16 &&
        tiling.name !== heuristic.name &&
        (tiling.kind === "split" || (tiling.kind === "lanes" && tiling.lanesOver === "columns"))
      )
        continue;
      const linear = await prepareTimedLinear(live, tiling, buffers);
      await linear.run(1);
      await check(`${tiling.name}, ${weightStorage}`, buffers.out);
      const name = `${tiling.name}, ${weightStorage}${tiling.name === heuristic.name ? " (the heuristic's choice)" : ""}`;
      if (tiling.name === heuristic.name) chosen.add(name);
      contenders.push({ name, run: linear.run, times: [] });
    }
  }
  const [plain] = held;
  if (plain === undefined) throw new Error("there are no buffers");
  const { x, weight, bias, out } = plain;
  const turned = device.createBuffer({
    size: columns * inner * 4,
    usage: bufferUsage.storage | bufferUsage.copyDestination | bufferUsage.copySource,
  });
  device.queue.writeBuffer(turned, 0, transposed(values.weight, columns, inner));
  const tensor = (buffer: GPUBuffer, ...shape: number[]) => ({ buffer, dataType: "float32" as const, shape });
  const shared = { x: tensor(x, rows, inner), bias: tensor(bias, columns), out: tensor(out, rows, columns) };
  const onnx = {
    Gemm: { graph: gemm(rows, inner, columns), weight: tensor(weight, columns, inner) },
    "MatMul and Add": { graph: matMul(rows, inner, columns), weight: tensor(turned, inner, columns) },
  };
  const releases: (() => Promise<void>)[] = [];
  for (const [name, { graph, weight: own }] of Object.entries(onnx)) {
    const session = await openOnnxOnDevice(graph, device, { ...shared, weight: own });
    releases.push(session.release);
    await session.run();
    await check(`onnxruntime-web, ${name}`, out);
    const run = async (times: number): Promise<number> => {
      const start = performance.now();
      for (let time = 0; time < times; time++) await session.run();
      await device.queue.onSubmittedWorkDone();
      return performance.now() - start;
    };
    contenders.push({ name: `onnxruntime-web, ${name}`, run, times: [] });
  }
  const repetitions: number[] = [];
  for (const { run } of contenders)
    repetitions.push(options.quick ? 1 : Math.min(maxRuns, Math.max(1, Math.round(minMilliseconds / (await run(1))))));
  for (let round = 0; round < Number(options.runs); round++)
    for (const [index, { run, times }] of contenders.entries())
      times.push((await run(repetitions[index] ?? 1)) / (repetitions[index] ?? 1));
  const results = contenders.map(({ name, times }) => ({ name, gigaflops: (2 * rows * inner * columns) / 1e6 / median(times) }));
  figures.push({ shape: [rows, inner, columns], gigaflops: Object.fromEntries(results.map(({ name, gigaflops }) => [name, gigaflops])) });
  const theirs = Math.max(...results.filter(({ name }) => name.startsWith("onnxruntime")).map(({ gigaflops }) => gigaflops));
  console.log(`\n[${rows}, ${inner}] · [${inner}, ${columns}] + bias`);
  for (const { name, gigaflops } of results) {
    const share = peak === undefined ? "" : `, ${((gigaflops / peak) * 100).toFixed(0)} % of multiply-adds alone`;
    console.log(
      `  ${name.padEnd(64)} ${gigaflops.toFixed(2).padStart(9)} GFLOP/s ${(gigaflops / theirs).toFixed(2).padStart(6)} x${share}`,
    );
  }
  const ours = results.filter(({ name }) => chosen.has(name) && name.includes("float32")).map(({ gigaflops }) => gigaflops / theirs);
  if (ours.length > 0) console.log(`  goal: 1.3 x onnxruntime-web in float32; reached ${Math.max(...ours).toFixed(2)} x`);
  for (const release of releases) await release();
  for (const buffers of held) buffers.destroy();
  turned.destroy();

  async function check(name: string, buffer: GPUBuffer): Promise<void> {
    const target = device.createBuffer({ size: rows * columns * 4, usage: bufferUsage.mapRead | bufferUsage.copyDestination });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, target, 0, rows * columns * 4);
    encoder.clearBuffer(buffer);
    device.queue.submit([encoder.finish()]);
    await target.mapAsync(mapMode.read);
    const found = new Float32Array(target.getMappedRange().slice(0));
    target.destroy();
    for (let sample = 0; sample < samples; sample++) {
      const at = Math.floor(((sample + 0.5) / samples) * rows * columns);
      const [row, column] = [Math.floor(at / columns), at % columns];
      let sum = values.bias[column] ?? 0;
      for (let k = 0; k < inner; k++) sum += (values.x[row * inner + k] ?? 0) * (values.weight[column * inner + k] ?? 0);
      const error = Math.abs(sum - (found[at] ?? Number.NaN));
      if (!(error < 1e-3)) throw new Error(`${name} gives ${found[at]} at [${row}, ${column}], not ${sum}`);
    }
  }
}

function gemm(rows: number, inner: number, columns: number): Graph {
  return buildGraph("linear", (builder) => {
    const x = builder.input("x", "float32", [rows, inner]);
    const weight = builder.input("weight", "float32", [columns, inner]);
    const bias = builder.input("bias", "float32", [columns]);
    builder.output("out", builder.apply(operations.linear, [x, weight, bias]));
  });
}

function matMul(rows: number, inner: number, columns: number): Graph {
  return buildGraph("matMul", (builder) => {
    const x = builder.input("x", "float32", [rows, inner]);
    const weight = builder.input("weight", "float32", [inner, columns]);
    const bias = builder.input("bias", "float32", [columns]);
    builder.output("out", builder.apply(operations.add, [builder.apply(operations.matMul, [x, weight]), bias]));
  });
}

async function halves(data: Float32Array): Promise<Uint8Array<ArrayBuffer>> {
  const [tensor] = memoryWeights({ weight: { dataType: "float32", shape: [data.length], data } }).values();
  if (tensor === undefined) throw new Error("there is no weight");
  const narrow = castTensor(tensor, "float16");
  return new Uint8Array(await narrow.readBytes(0, narrow.byteLength));
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[column * rows + row] = matrix[row * columns + column] ?? 0;
  return out;
}
