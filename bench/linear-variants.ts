// `npm run bench:linear-variants`: which ways of cutting up a linear layer are fastest on this device, more of them than the runtime knows: tiles of
// matrix units (float16 in and out), and of float32, with the inner axis whole or in parts. All tensors lie on the device; sampled values are
// checked; what does not compile or computes something else is named, and the others go on.
// Options: --shapes rows,in,out;… , --rounds N (default 3), --milliseconds N of a measurement (default 10), --warm N milliseconds (default 400),
// --only WORD (in a variant's name), --output FILE (all figures as JSON).
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { bufferUsage, mapMode } from "../packages/runtime-webgpu/src/device/gpu-constants.ts";
import { liveDevice } from "../packages/runtime-webgpu/src/device/live-device.ts";
import type { LinearShape } from "../packages/runtime-webgpu/src/kernels/linear/check-tuning.ts";
import { tilingsOf } from "../packages/runtime-webgpu/src/kernels/linear/heuristic-tiling.ts";
import { matrixTiling, tileTiling, type MatrixTile, type Tile, type Tiling } from "../packages/runtime-webgpu/src/kernels/linear/tiling.ts";
import {
  createLinearBuffers,
  prepareTimedLinear,
  type LinearBuffers,
  type TimedLinear,
} from "../packages/runtime-webgpu/src/kernels/linear/timed-linear.ts";
import { testDevice } from "../packages/runtime-webgpu/src/testing/test-device.ts";
import { median } from "./whole-process.ts";
import { steppedNoise } from "./stepped-noise.ts";

const { values: options } = parseArgs({
  options: {
    shapes: {
      type: "string",
      default: "4096,768,2304;4096,768,768;4096,768,3072;4096,3072,768;512,768,2304;512,768,768;512,768,3072;512,3072,768",
    },
    rounds: { type: "string", default: "3" },
    milliseconds: { type: "string", default: "10" },
    warm: { type: "string", default: "400" },
    only: { type: "string", default: "" },
    output: { type: "string" },
  },
});

const matrixTiles: readonly MatrixTile[] = [
  { workgroup: [128, 128, 32], subgroup: [64, 64] },
  { workgroup: [128, 128, 32], subgroup: [64, 32] },
  { workgroup: [128, 64, 32], subgroup: [64, 32] },
  { workgroup: [128, 64, 64], subgroup: [64, 32] },
  { workgroup: [64, 128, 32], subgroup: [32, 64] },
  { workgroup: [64, 64, 32], subgroup: [32, 32] },
  { workgroup: [64, 64, 64], subgroup: [32, 32] },
  { workgroup: [32, 64, 64], subgroup: [32, 16] },
  { workgroup: [32, 64, 64], subgroup: [16, 32] },
  { workgroup: [32, 32, 64], subgroup: [16, 16] },
];

const { device, facts } = await testDevice();
const live = liveDevice(device, facts, "Run it again");
const figures: { shape: string; name: string; teraflops?: number; worst?: number; compile?: number; problem?: string }[] = [];
console.log(`${facts.name}; matrix units: ${JSON.stringify(facts.matrixUnits)}`);

for (const text of options.shapes.split(";")) {
  const [rows = 0, inner = 0, columns = 0] = text.split(",").map(Number);
  console.log(`\n[${rows}, ${inner}] · [${inner}, ${columns}] + bias`);
  await compare({ rows, inner, columns, weightStorage: "float16", activationStorage: "float16" }, halfVariants(rows));
  await compare({ rows, inner, columns, weightStorage: "float32" }, floatVariants(rows));
}
device.destroy();
if (options.output !== undefined) await writeFile(options.output, JSON.stringify({ device: facts.name, figures }, undefined, 1));

function halfVariants(rows: number): readonly Tiling[] {
  const { matrixUnits } = facts;
  if (matrixUnits === undefined) return tilingsOf(facts).filter(({ kind }) => kind === "lanes");
  const [shape] = matrixUnits.shapes;
  if (shape === undefined) return [];
  const inParts = (tile: MatrixTile): readonly number[] => (rows <= 1024 && tile.workgroup[0] <= 64 ? [1, 2, 4] : [1]);
  return matrixTiles
    .filter(({ workgroup }) => rows > 1024 || workgroup[0] < 128 || workgroup[1] < 128)
    .flatMap((tile) => inParts(tile).map((parts) => matrixTiling({ ...tile, parts }, matrixUnits, shape)));
}

function floatVariants(rows: number): readonly Tiling[] {
  if (facts.kind === "cpu") return tilingsOf(facts).filter(({ kind }) => kind === "lanes");
  const blocks: readonly Tile[] = [
    { threads: [8, 16], block: [8, 4] },
    { threads: [8, 8], block: [8, 8] },
    { threads: [16, 8], block: [8, 8] },
    ...(rows > 1024 ? [] : [{ threads: [8, 8], block: [4, 4] } as const]),
  ];
  const ways: readonly Pick<Tile, "stagedSteps" | "readsAhead" | "unrolls">[] = [
    {},
    { unrolls: true },
    { readsAhead: true },
    { readsAhead: true, unrolls: true },
    { stagedSteps: 8, readsAhead: true, unrolls: true },
  ];
  const inParts = rows > 1024 ? [1] : [1, 4];
  return blocks.flatMap((tile) => ways.flatMap((way) => inParts.map((parts) => tileTiling({ ...tile, ...way, parts }))));
}

async function compare(shape: LinearShape, tilings: readonly Tiling[]): Promise<void> {
  const { rows, inner, columns } = shape;
  const key = `${rows},${inner},${columns} ${shape.weightStorage}`;
  const buffers = await createLinearBuffers(live, shape);
  const values = { x: steppedNoise(rows * inner, 1), weight: steppedNoise(columns * inner, 2), bias: steppedNoise(columns, 3) };
  const written = (data: Float32Array<ArrayBuffer>, storage: string): GPUAllowSharedBufferSource =>
    storage === "float16" ? new Uint16Array(new Float16Array(data).buffer) : data;
  device.queue.writeBuffer(buffers.x, 0, written(values.x, shape.activationStorage ?? "float32"));
  device.queue.writeBuffer(buffers.weight, 0, written(values.weight, shape.weightStorage));
  device.queue.writeBuffer(buffers.bias, 0, values.bias);
  const ready: {
    readonly name: string;
    readonly linear: TimedLinear;
    readonly times: number[];
    readonly worst: number;
    readonly compile: number;
  }[] = [];
  for (const tiling of tilings.filter(({ name }) => name.includes(options.only))) {
    try {
      const start = performance.now();
      const linear = await prepareTimedLinear(live, tiling, buffers);
      await linear.run(1);
      const compile = performance.now() - start;
      const worst = await worstOf(buffers, values);
      if (!(worst < 0.5)) throw new Error(`computes something else: ${worst} off`);
      ready.push({ name: tiling.name, linear, times: [], worst, compile });
    } catch (error) {
      const problem = String(error instanceof Error ? error.message : error);
      figures.push({ shape: key, name: tiling.name, problem });
      console.log(`  ${tiling.name}: ${problem.slice(0, 600)}`);
    }
  }
  const [first] = ready;
  if (first !== undefined)
    for (const start = performance.now(); performance.now() - start < Number(options.warm);) await first.linear.run(20);
  const runs: number[] = [];
  for (const { linear } of ready) {
    const once = (await linear.run(8)) / 8;
    runs.push(Math.min(400, Math.max(1, Math.ceil(Number(options.milliseconds) / once))));
  }
  for (let round = 0; round < Number(options.rounds); round++)
    for (const [at, { linear, times }] of ready.entries()) times.push((await linear.run(runs[at] ?? 1)) / (runs[at] ?? 1));
  const results = ready.map(({ name, times, worst, compile }) => ({ name, worst, compile, milliseconds: median(times) }));
  for (const { name, worst, compile, milliseconds } of results.toSorted((left, right) => left.milliseconds - right.milliseconds)) {
    const teraflops = (2 * rows * inner * columns) / 1e9 / milliseconds;
    figures.push({ shape: key, name, teraflops, worst, compile });
    console.log(
      `  ${shape.weightStorage} ${name.padEnd(60)} ${teraflops.toFixed(2).padStart(8)} TFLOP/s ${(milliseconds * 1000).toFixed(1).padStart(8)} µs  worst ${worst.toExponential(1)}  compiled in ${compile.toFixed(0)} ms`,
    );
  }
  for (const { linear } of ready) linear.destroy();
  buffers.destroy();
}

/** The largest distance of sampled values from sums in float64, relative to the size of such sums. */
async function worstOf({ shape, out }: LinearBuffers, values: Readonly<Record<"x" | "weight" | "bias", Float32Array>>): Promise<number> {
  const { rows, columns, inner, activationStorage = "float32" } = shape;
  const bytes = rows * columns * (activationStorage === "float16" ? 2 : 4);
  const target = device.createBuffer({ size: bytes, usage: bufferUsage.mapRead | bufferUsage.copyDestination });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(out, 0, target, 0, bytes);
  encoder.clearBuffer(out);
  device.queue.submit([encoder.finish()]);
  await target.mapAsync(mapMode.read);
  const words = target.getMappedRange().slice(0);
  target.destroy();
  const found = activationStorage === "float16" ? new Float16Array(words) : new Float32Array(words);
  let worst = 0;
  const samples = 300;
  for (let sample = 0; sample < samples; sample++) {
    const at = Math.floor(((sample + 0.5) / samples) * rows * columns);
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = values.bias[column] ?? 0;
    for (let k = 0; k < inner; k++) sum += (values.x[row * inner + k] ?? 0) * (values.weight[column * inner + k] ?? 0);
    const error = Math.abs(sum - (found[at] ?? Number.NaN));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}
