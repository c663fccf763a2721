// `node --conditions=@longspan/source bench/attention-variants.ts`: the kernels of global attention in every tiling, one by one, on Longformer
// base's heads (12 of 64, window 512); those of the window are in `window-variants.ts`. A variant that does not compile is named, and the rest goes on.
// 1. Each kernel of re-associated global attention alone, those of the global tokens' own products in several cuts, scores and sums in one kernel, and
//    as two products in every tiling and more.
// 2. The two forms of global attention for 1 to 128 global tokens, as they are chosen.
// Milliseconds are medians, after work that wakes the clock. Options: --quick (one short length, few runs), --halves (float16 alone),
// --lengths N,… (default 512,4096), --parts products,forms (default: both), --seconds N (what a part may take of a length; the variants that are
// left then are named; default 20).
import { parseArgs } from "node:util";
import type { Kernel } from "../packages/runtime-webgpu/src/kernel/kernel.ts";
import {
  fitsMatrixProduct,
  globalTilingsOf,
  matrixGlobalTiling,
  tileGlobalTiling,
  type GlobalTiling,
} from "../packages/runtime-webgpu/src/kernels/attention/global-tiling.ts";
import { jointTilingsOf } from "../packages/runtime-webgpu/src/kernels/attention/joint-tiling.ts";
import { rowCutName, rowCutsOf } from "../packages/runtime-webgpu/src/kernels/attention/row-slices.ts";
import { isOfWindow } from "../packages/runtime-webgpu/src/kernels/attention/timed-attention.ts";
import { testDevice } from "../packages/runtime-webgpu/src/testing/test-device.ts";
import {
  createAttentionTensors,
  hidden,
  prepareAttention,
  worst,
  type AttentionTensors,
  type PreparedAttention,
} from "./attention-on-device.ts";
import { warmClock } from "./warm-clock.ts";
import { median } from "./whole-process.ts";

type Options = NonNullable<Parameters<typeof prepareAttention>[2]>;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    halves: { type: "boolean", default: false },
    lengths: { type: "string", default: "512,4096" },
    parts: { type: "string", default: "products,forms" },
    seconds: { type: "string", default: "20" },
  },
});
const window = options.quick ? 64 : 512;
const lengths = options.quick ? [128] : options.lengths.split(",").map(Number);
const parts = options.parts.split(",");
const globals = options.quick ? 2 : 16;
const given = await testDevice();
const facts = { ...given.facts, kind: "gpu" } as const;
const device = { ...given, facts };
console.log(facts.name);

for (const halves of options.halves ? [true] : [false, true]) {
  for (const sequence of lengths) {
    const tensors = createAttentionTensors(device, { sequence, window, globals }, halves);
    if (given.facts.kind === "gpu" && !options.quick) await warmClock(given.device);
    if (parts.includes("products")) await products(tensors);
    if (parts.includes("forms")) await forms(sequence, halves);
    tensors.destroy();
  }
}
given.device.destroy();

async function products(tensors: AttentionTensors): Promise<void> {
  console.log(
    `\nglobal attention, re-associated, ${tensors.sizes.sequence} tokens, ${globals} global, ${storage(tensors.halves)}: each kernel alone`,
  );
  const reassociateUpTo = Number.POSITIVE_INFINITY;
  const all = await prepareAttention(device, tensors, { reassociateUpTo });
  const names = all.kernels.filter((name) => !isOfWindow(name));
  all.destroy();
  const base = tileGlobalTiling(8, 4);
  const [inTwo, direct] = [
    await timed(tensors, {
      reassociateUpTo,
      tilings: { globalJoint: false, globalScores: base, globalMix: base },
      only: ({ name }) => !isOfWindow(name),
    }),
    await timed(tensors, {
      reassociateUpTo: 0,
      tilings: { direct: { kind: "staged", name: "staged" } },
      only: ({ name }) => !isOfWindow(name),
    }),
  ];
  const expected = inTwo.context.subarray(0, globals * hidden);
  console.log(
    `  without matrix units ${inTwo.milliseconds.toFixed(4)} ms, off by ${worst(direct.context.subarray(0, globals * hidden), expected)} from the direct form`,
  );
  const inTime = timeLimit();
  for (const kernel of names) {
    await variant(kernel, inTime, async () => {
      const { milliseconds } = await timed(tensors, { reassociateUpTo, only: ({ name }) => name === kernel });
      return `${milliseconds.toFixed(4)} ms`;
    });
  }
  for (const globalRows of rowCutsOf(facts)) {
    await variant(`rows and vectors ahead ${rowCutName(globalRows)}`, inTime, async () => {
      const found = [];
      for (const part of ["global-queries", "global-values"]) {
        const only: Options["only"] = ({ name }) => name.startsWith(part);
        found.push(await timed(tensors, { reassociateUpTo, tilings: { globalRows }, only }));
      }
      return `queries ${found[0]?.milliseconds.toFixed(4)} ms, values ${found[1]?.milliseconds.toFixed(4)} ms`;
    });
  }
  const joint = tensors.halves ? jointTilingsOf(facts, hidden).filter(({ shape }) => shape === facts.matrixUnits?.shapes[0]) : [];
  for (const globalJoint of joint) {
    await variant(globalJoint.name, inTime, async () => {
      const only: Options["only"] = ({ name }) => name === `global-attention-${globalJoint.name}`;
      const { milliseconds } = await timed(tensors, { reassociateUpTo, tilings: { globalJoint }, only });
      const values = await timed(tensors, { reassociateUpTo, tilings: { globalJoint }, only: ({ name }) => name === "global-values" });
      const whole = await timed(tensors, { reassociateUpTo, tilings: { globalJoint }, only: ({ name }) => !isOfWindow(name) });
      return `${milliseconds.toFixed(4)} ms, values ${values.milliseconds.toFixed(4)} ms, all of it ${whole.milliseconds.toFixed(4)} ms, off by ${worst(whole.context.subarray(0, globals * hidden), expected)}`;
    });
  }
  for (const tiling of [...globalTilingsOf(facts, tensors.halves), ...otherProducts(tensors.halves)]) {
    await variant(tiling.name, inTime, async () => {
      const tilings = { globalJoint: false, globalScores: tiling, globalMix: tiling } as const;
      const only = (part: string) => (kernel: Kernel) => kernel.name.startsWith(part);
      const scores = await timed(tensors, { reassociateUpTo, tilings, only: only("global-scores") });
      const mix = await timed(tensors, { reassociateUpTo, tilings, only: only("global-mix") });
      return `scores ${scores.milliseconds.toFixed(4)} ms, mix ${mix.milliseconds.toFixed(4)} ms`;
    });
  }
}

/** More tiles of matrix units: for more rows, and with more subgroups. */
function otherProducts(halves: boolean): readonly GlobalTiling[] {
  const cuts: readonly (readonly [number, number, number])[] = [
    [96, 48, 32],
    [64, 16, 32],
    [64, 32, 16],
    [32, 16, 16],
    [32, 32, 16],
  ];
  return (halves ? (facts.matrixUnits?.shapes ?? []) : [])
    .slice(0, 1)
    .flatMap((shape) => cuts.map((cut) => matrixGlobalTiling(shape, ...cut)))
    .filter((tiling) => fitsMatrixProduct(tiling, facts.limits));
}

async function forms(sequence: number, halves: boolean): Promise<void> {
  console.log(`\nglobal attention, ${sequence} tokens, ${storage(halves)}, without the window's`);
  const inTime = timeLimit();
  for (const count of options.quick ? [1, 16] : [1, 2, 4, 8, 16, 32, 64, 128]) {
    await variant(`${count} global`, inTime, async () => {
      const tensors = createAttentionTensors(device, { sequence, window, globals: count }, halves);
      const only: Options["only"] = ({ name }) => !isOfWindow(name);
      const found = [];
      for (const reassociateUpTo of [Number.POSITIVE_INFINITY, 0]) found.push(await timed(tensors, { only, reassociateUpTo }));
      tensors.destroy();
      const [reassociated, direct] = found;
      if (reassociated === undefined || direct === undefined) throw new Error("there are two forms");
      const off = worst(direct.context.subarray(0, count * hidden), reassociated.context.subarray(0, count * hidden));
      return `re-associated ${reassociated.milliseconds.toFixed(4)} ms, direct ${direct.milliseconds.toFixed(4)} ms, apart by ${off}`;
    });
  }
}

/** Whether there is time left for another variant. */
function timeLimit(): () => boolean {
  const start = performance.now();
  return () => performance.now() - start < Number(options.seconds) * 1000;
}

async function variant(name: string, inTime: () => boolean, run: () => Promise<string>): Promise<void> {
  if (!inTime()) {
    console.log(`  ${name.padEnd(34)} left out: no time`);
    return;
  }
  try {
    console.log(`  ${name.padEnd(34)} ${await run()}`);
  } catch (error) {
    console.log(`  ${name.padEnd(34)} failed: ${String(error).replaceAll("\n", " ").slice(0, 600)}`);
  }
}

/** Milliseconds of one run, and the context that it wrote. */
async function timed(tensors: AttentionTensors, how: Options): Promise<{ milliseconds: number; context: Float32Array }> {
  const prepared = await prepareAttention(device, tensors, how);
  await prepared.run(1);
  const context = await tensors.readContext();
  const milliseconds = await medianRun(prepared);
  prepared.destroy();
  return { milliseconds, context };
}

async function medianRun(prepared: PreparedAttention): Promise<number> {
  const once = await prepared.run(2);
  const times = Math.max(1, Math.min(200, Math.round((options.quick ? 5 : 40) / (once / 2))));
  const found: number[] = [];
  for (let round = 0; round < (options.quick ? 1 : 5); round++) found.push((await prepared.run(times)) / times);
  return median(found);
}

function storage(halves: boolean): string {
  return halves ? "float16" : "float32";
}
