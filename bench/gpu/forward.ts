// A program of the GPU archive: whole models in one precision. Milliseconds of a run as its caller sees it, with
// outputs in new memory and in turn in that of the run before, and of its kernels by the GPU's
// own clock: of all of a run as it runs, and of each timed by itself, which lets none begin before the last has ended and costs some
// microseconds each; where the kernels' time goes; and how far the outputs are from what transformers recorded for the same weights.
// Options: --model base|large|tiny, --precision float32|float16, --sizes 1x512,8x512,… (batch x tokens), --globals N (in each row),
// --milliseconds N (how long each size is run before and while it is timed), --profile BxT,… (sizes whose kernels are listed),
// --tuning rules|measured (default rules: measuring beside others tells nothing), --tuning-seconds N (what is measured before the model is prepared: all
// that there is to measure, in so many seconds at most, listed beside what rules choose; default 10), --in-turn, --output FILE.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { GraphTensor } from "@longspan/core/graph";
import type { Session, SessionProfile } from "@longspan/core/runtime";
import { webgpu } from "@longspan/runtime-webgpu";
import { readJsonFixture } from "../../tests/read-fixture.ts";
import { forwardGraph } from "../forward-graphs.ts";
import { modelConfig } from "../forward-models.ts";
import { seededModelWeights } from "../seeded-weights.ts";
import { median } from "../whole-process.ts";
import { measureTilings } from "./measured-tilings.ts";
import { repeatFor } from "./repeat-for.ts";
import { seededInputs } from "./seeded-inputs.ts";
import { waitForTurn } from "./turns.ts";

export interface ForwardTimes {
  readonly size: string;
  readonly globals: number;
  /** Medians, in milliseconds. `kernels` is what the GPU takes for all of a run, `alone` the sum over kernels that are timed by themselves. */
  readonly run: number;
  readonly fastest: number;
  /** Of runs whose outputs are written over those of the run before (`reuse`). */
  readonly reusing: number;
  readonly kernels: number;
  readonly alone: number;
  readonly runs: number;
  /** Share of one core's time that the process took while runs were under way. */
  readonly processor: number;
}

export interface KernelTimes {
  /** Of the run that was profiled: batch x tokens. */
  readonly size: string;
  readonly kernel: string;
  readonly steps: number;
  readonly milliseconds: number;
  /** 10⁹ a second, by the profile's count. */
  readonly gigaflops: number;
  readonly gigabytes: number;
}

/** Of fixtures/forward/noise-models.json: see fixtures/make_noise_models.py. */
interface RecordedCase {
  readonly model: string;
  readonly tokens: number;
  readonly globals: number;
  readonly positions: readonly number[];
  readonly elements: readonly number[];
  /** At each position, of each element. */
  readonly values: readonly (readonly number[])[];
  readonly float32Error: number;
}

interface RecordedDifference {
  readonly tokens: number;
  readonly largest: number;
  readonly allowed: number;
}

const { values: options } = parseArgs({
  options: {
    model: { type: "string", default: "base" },
    precision: { type: "string", default: "float32" },
    sizes: { type: "string", default: "1x512,1x4096" },
    globals: { type: "string", default: "16" },
    milliseconds: { type: "string", default: "700" },
    profile: { type: "string" },
    tuning: { type: "string", default: "rules" },
    "tuning-seconds": { type: "string", default: "10" },
    "in-turn": { type: "boolean", default: false },
    output: { type: "string" },
  },
});
const precision = options.precision === "float16" ? "float16" : "float32";
const [globals, milliseconds] = [Number(options.globals), Number(options.milliseconds)];
const config = modelConfig(options.model);
const graph = forwardGraph(config, "model");
const weights = seededModelWeights(graph);
await using runtime = webgpu({ tuning: options.tuning === "measured" ? "measured" : "rules" });
const tilings = options.tuning === "measured" ? await measureTilings(graph, runtime, precision, Number(options["tuning-seconds"])) : [];
const started = performance.now();
const session = await runtime.prepare(graph, weights, { dataType: precision });
const prepareSeconds = (performance.now() - started) / 1000;
const timed = await runtime.prepare(graph, weights, { dataType: precision, profile: "run" });
const profiled = await runtime.prepare(graph, weights, { dataType: precision, profile: true });
const sizes = options.sizes.split(",");
// What only a run of this size needs is compiled now.
for (const size of sizes) for (const one of [session, timed, profiled]) await one.run(seededInputs(config, size, globals));
console.log(`${options.model}, ${precision}, tilings ${options.tuning}, on ${session.device}: ready in ${prepareSeconds.toFixed(1)} s`);
await waitForTurn(options["in-turn"]);

const recorded = await compareWithRecorded();
const times: ForwardTimes[] = [];
const kernels: KernelTimes[] = [];
for (const size of sizes) {
  const inputs = seededInputs(config, size, globals);
  await repeatFor(milliseconds, () => session.run(inputs));
  const processorBefore = process.cpuUsage();
  const from = performance.now();
  let before: Record<string, GraphTensor> | undefined;
  const runs = await repeatFor(milliseconds, async () => {
    const reusing = before !== undefined;
    const start = performance.now();
    const outputs = await session.run(inputs, { reuse: before });
    const took = performance.now() - start;
    before = reusing ? undefined : outputs;
    return { took, reusing };
  });
  const spent = process.cpuUsage(processorBefore);
  const processor = (spent.user + spent.system) / 1000 / (performance.now() - from);
  const profilesOf = async (one: Session): Promise<readonly SessionProfile[]> => {
    const found = await repeatFor(milliseconds / 4, async () => {
      await one.run(inputs);
      return one.profile?.();
    });
    return found.filter((profile) => profile !== undefined);
  };
  const whole = (await profilesOf(timed)).map(({ deviceMilliseconds }) => deviceMilliseconds ?? Number.NaN);
  const profiles = await profilesOf(profiled);
  const sums = profiles.map(({ steps }) => steps.reduce((sum, step) => sum + step.milliseconds, 0));
  const timesOf = (reusing: boolean): number[] => runs.filter((run) => run.reusing === reusing).map(({ took }) => took);
  const one = {
    size,
    globals,
    run: median(timesOf(false)),
    fastest: Math.min(...timesOf(false)),
    reusing: median(timesOf(true)),
    kernels: median(whole),
    alone: median(sums),
    runs: runs.length,
    processor,
  };
  times.push(one);
  console.log(
    `  ${size.padEnd(8)} run ${one.run.toFixed(2).padStart(8)} ms (fastest ${one.fastest.toFixed(2)}), kernels ${one.kernels.toFixed(2).padStart(8)} ms, difference ${(one.run - one.kernels).toFixed(2).padStart(7)} ms, outputs' memory reused ${(one.reusing - one.kernels).toFixed(2).padStart(7)} ms, kernels one by one ${one.alone.toFixed(2).padStart(8)} ms; ${(processor * 100).toFixed(0)} % of a core, ${runs.length} runs`,
  );
  if (options.profile?.split(",").includes(size) !== true) continue;
  const ofSize = byKernel(size, profiles);
  kernels.push(...ofSize);
  for (const { kernel, steps, milliseconds: sum, gigaflops, gigabytes } of ofSize)
    console.log(
      `    ${kernel.padEnd(44)} ${String(steps).padStart(4)} x ${sum.toFixed(3).padStart(8)} ms ${gigaflops.toFixed(0).padStart(7)} GFLOP/s ${gigabytes.toFixed(0).padStart(6)} GB/s`,
    );
}
await Promise.all([session, timed, profiled].map(async (one) => one.dispose()));
if (options.output !== undefined)
  await writeFile(
    options.output,
    JSON.stringify({ model: options.model, precision, device: session.device, prepareSeconds, recorded, times, kernels, tilings }),
  );

/** How far outputs are from what transformers recorded for the same weights and tokens, where it did. */
async function compareWithRecorded(): Promise<readonly RecordedDifference[]> {
  const { cases } = (await readJsonFixture("forward/noise-models.json")) as { readonly cases: readonly RecordedCase[] };
  const differences: RecordedDifference[] = [];
  for (const one of cases.filter(({ model, globals: count }) => model === options.model && count === globals)) {
    const { last_hidden_state: hidden } = await session.run(seededInputs(config, `1x${one.tokens}`, globals));
    let largest = 0;
    for (const [row, position] of one.positions.entries())
      for (const [column, element] of one.elements.entries()) {
        const found = Number(hidden?.data[position * config.hiddenSize + element]);
        const difference = Math.abs(found - (one.values[row]?.[column] ?? Number.NaN));
        if (!(difference <= largest)) largest = difference;
      }
    const allowed = { float32: 1e-4, float16: 2e-2 }[precision];
    differences.push({ tokens: one.tokens, largest, allowed });
    console.log(
      `  1x${one.tokens}: off by ${largest.toExponential(2)} from transformers in float64, whose float32 is off by ${one.float32Error}; allowed ${allowed}`,
    );
    if (!(largest <= allowed)) process.exitCode = 1;
  }
  return differences;
}

/** Medians over runs, of each kernel the sum over its steps; the dearest first. */
function byKernel(size: string, profiles: readonly SessionProfile[]): readonly KernelTimes[] {
  const steps = profiles[0]?.steps ?? [];
  const sums = new Map<string, { steps: number; milliseconds: number; operations: number; bytes: number }>();
  for (const [index, { kernel, floatingPointOperations, bytes }] of steps.entries()) {
    const sum = sums.get(kernel) ?? { steps: 0, milliseconds: 0, operations: 0, bytes: 0 };
    sum.steps++;
    sum.milliseconds += median(profiles.map((profile) => profile.steps[index]?.milliseconds ?? Number.NaN));
    sum.operations += floatingPointOperations;
    sum.bytes += bytes;
    sums.set(kernel, sum);
  }
  return [...sums]
    .map(([kernel, { steps: count, milliseconds: sum, operations, bytes }]) => ({
      size,
      kernel,
      steps: count,
      milliseconds: sum,
      gigaflops: operations / 1e6 / sum,
      gigabytes: bytes / 1e6 / sum,
    }))
    .toSorted((one, other) => other.milliseconds - one.milliseconds);
}
