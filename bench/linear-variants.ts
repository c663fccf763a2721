// `npm run bench:linear-variants`: which ways of cutting up a linear layer are fastest on this device, more of them than the runtime knows: tiles of
// matrix units (float16 in and out), and of float32, with the inner axis whole or in parts. All tensors lie on the device; sampled values are
// checked; what does not compile is named, what computes something else is marked, and the others go on.
// Options: --shapes rows,in,out;… , --rounds N (default 3), --milliseconds N of a measurement (default 10), --warm N milliseconds (default 400),
// --only WORD (in a variant's name), --dawn TOGGLES (more of Dawn's, separated by commas: `disable_workgroup_init` leaves workgroup memory as it is),
// --output FILE (all figures as JSON).
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { startDawn } from "../packages/runtime-webgpu/src/device/gpu.node.ts";
import { bufferUsage, mapMode } from "../packages/runtime-webgpu/src/device/gpu-constants.ts";
import { liveDevice } from "../packages/runtime-webgpu/src/device/live-device.ts";
import type { TimedDispatches } from "../packages/runtime-webgpu/src/device/timed-dispatches.ts";
import type { LinearShape } from "../packages/runtime-webgpu/src/kernels/linear/check-tuning.ts";
import { tilingsOf } from "../packages/runtime-webgpu/src/kernels/linear/heuristic-tiling.ts";
import { matrixTiling, tileTiling, type MatrixTile, type Tile, type Tiling } from "../packages/runtime-webgpu/src/kernels/linear/tiling.ts";
import { createLinearBuffers, prepareTimedLinear, type LinearBuffers } from "../packages/runtime-webgpu/src/kernels/linear/timed-linear.ts";
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
    dawn: { type: "string", default: "" },
    output: { type: "string" },
  },
});

const matrixTiles: readonly MatrixTile[] = [
  { workgroup: [128, 128, 64], subgroup: [64, 64], sumColumns: 32 },
  { workgroup: [128, 128, 64], subgroup: [64, 32], sumColumns: 16 },
  { workgroup: [128, 128, 32], subgroup: [64, 64] },
  { workgroup: [128, 128, 32], subgroup: [64, 32] },
  { workgroup: [128, 256, 32], subgroup: [64, 64], sumColumns: 16 },
  { workgroup: [128, 96, 64], subgroup: [64, 48], sumColumns: 16 },
  { workgroup: [128, 64, 64], subgroup: [64, 32] },
  { workgroup: [128, 64, 64], subgroup: [32, 32] },
  { workgroup: [64, 128, 64], subgroup: [32, 64] },
  { workgroup: [64, 64, 128], subgroup: [32, 32], sumColumns: 16 },
  { workgroup: [64, 64, 64], subgroup: [32, 32] },
  { workgroup: [64, 48, 64], subgroup: [16, 48] },
  { workgroup: [32, 64, 64], subgroup: [16, 32] },
  { workgroup: [32, 32, 64], subgroup: [16, 16] },
];

/** In float32 for up to 1,024 rows. */
const shortFloatTiles: readonly Tile[] = [
  { threads: [8, 16], block: [8, 4], readsAhead: true },
  ...[2, 3, 4].map((parts): Tile => ({ threads: [8, 16], block: [8, 4], readsAhead: true, unrolls: true, parts })),
  ...[2, 3, 4].map((parts): Tile => ({ threads: [8, 8], block: [8, 8], readsAhead: true, unrolls: true, parts })),
  ...[1, 2, 4].map((parts): Tile => ({ threads: [8, 8], block: [8, 8], slices: 2, readsAhead: true, unrolls: true, parts })),
  { threads: [8, 8], block: [8, 4], slices: 2, readsAhead: true, unrolls: true },
  ...[1, 2].map((parts): Tile => ({ threads: [8, 8], block: [8, 4], readsAhead: true, unrolls: true, parts })),
  { threads: [8, 8], block: [16, 8], readsAhead: true, unrolls: true, parts: 4 },
  { threads: [8, 8], block: [4, 4], readsAhead: true, unrolls: true },
];
const longFloatTiles: readonly Tile[] = [
  { threads: [8, 8], block: [8, 8], readsAhead: true, unrolls: true },
  { threads: [8, 8], block: [8, 8], slices: 2, readsAhead: true, unrolls: true },
  { threads: [16, 8], block: [8, 8] },
  { threads: [8, 8], block: [16, 8], unrolls: true },
  { threads: [8, 8], block: [16, 8], readsAhead: true, unrolls: true },
  { threads: [8, 16], block: [16, 8], readsAhead: true, unrolls: true },
  { threads: [8, 8], block: [8, 16], readsAhead: true, unrolls: true },
];

const dawn = await startDawn(async () => {
  const { create } = await import("webgpu");
  return { create: ([enabled = "", ...others]) => create([options.dawn === "" ? enabled : `${enabled},${options.dawn}`, ...others]) };
});
const { device, facts } = await testDevice({ gpu: dawn });
const live = liveDevice(device, facts, "Run it again");
const figures: { shape: string; name: string; teraflops?: number; worst?: number; problem?: string }[] = [];
console.log(`${facts.name}; matrix units: ${JSON.stringify(facts.matrixUnits)}${options.dawn === "" ? "" : `; ${options.dawn}`}`);

for (const text of options.shapes.split(";")) {
  const [rows = 0, inner = 0, columns = 0] = text.split(",").map(Number);
  console.log(`\n[${rows}, ${inner}] · [${inner}, ${columns}] + bias`);
  await compare({ rows, inner, columns, weightStorage: "float16", activationStorage: "float16" }, halfVariants());
  await compare({ rows, inner, columns, weightStorage: "float32" }, floatVariants(rows));
}
device.destroy();
if (options.output !== undefined) await writeFile(options.output, JSON.stringify({ device: facts.name, figures }, undefined, 1));

function halfVariants(): readonly Tiling[] {
  const { matrixUnits } = facts;
  if (matrixUnits === undefined) return tilingsOf(facts).filter(({ kind }) => kind === "lanes");
  const [shape] = matrixUnits.shapes;
  if (shape === undefined) return [];
  return matrixTiles.map((tile) => matrixTiling(tile, matrixUnits, shape));
}

function floatVariants(rows: number): readonly Tiling[] {
  if (facts.kind === "cpu") return tilingsOf(facts).filter(({ kind }) => kind === "lanes");
  return (rows > 1024 ? longFloatTiles : shortFloatTiles).map(tileTiling);
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
    readonly linear: TimedDispatches;
    readonly times: number[];
    readonly worst: number;
  }[] = [];
  // Compiled side by side, as drivers can.
  const preparing = tilings
    .filter(({ name }) => name.includes(options.only))
    .map((tiling) => ({ name: tiling.name, prepared: prepareTimedLinear(live, tiling, buffers) }));
  await Promise.allSettled(preparing.map(({ prepared }) => prepared));
  for (const { name, prepared } of preparing) {
    try {
      const linear = await prepared;
      await linear.run(1);
      ready.push({ name, linear, times: [], worst: await worstOf(buffers, values) });
    } catch (error) {
      const problem = String(error instanceof Error ? error.message : error);
      figures.push({ shape: key, name, problem });
      console.log(`  ${name}: ${problem.slice(0, 600)}`);
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
  const results = ready.map(({ name, times, worst }) => ({ name, worst, milliseconds: median(times), fastest: Math.min(...times) }));
  for (const { name, worst, milliseconds, fastest } of results.toSorted((left, right) => left.milliseconds - right.milliseconds)) {
    const teraflops = (2 * rows * inner * columns) / 1e9 / milliseconds;
    figures.push({ shape: key, name, teraflops, worst });
    console.log(
      `  ${shape.weightStorage} ${name.padEnd(60)} ${teraflops.toFixed(2).padStart(8)} TFLOP/s ${(milliseconds * 1000).toFixed(1).padStart(8)} µs (fastest ${(fastest * 1000).toFixed(1)})  worst ${worst.toExponential(1)}${worst < 0.5 ? "" : " WRONG"}`,
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
