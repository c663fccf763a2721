// `node --conditions=@longspan/source bench/window-variants.ts`: window attention in every tiling, more of them than the runtime knows, on Longformer
// base's heads (12 of 64, window 512), with its keys whole or split among workgroups, and how far its values are from those of the simplest kernel.
// All are compiled and checked first, and then timed by turns, so that the GPU is never idle meanwhile and its clock the same for all; milliseconds are
// medians of the rounds. A variant that does not compile is named, and the rest goes on.
// Options: --halves (float16 alone), --floats (float32 alone), --lengths N,… (default 512,4096), --tilings WORD,… (those whose name ends with one of
// them; default: all), --splits N,… (at 1,024 tokens or fewer; default 1,2,4), --rounds N (default 5), --milliseconds N (of a variant in a round; default
// 8), --pieces TILING (that tiling of matrix units alone, without one of its pieces at a time: what each takes), --quick (a short text, few runs).
import { parseArgs } from "node:util";
import type { MatrixShape } from "../packages/runtime-webgpu/src/kernel/device-facts.ts";
import { quadTiling } from "../packages/runtime-webgpu/src/kernels/attention/attention-quads.ts";
import { matrixAttentionTiling, type MatrixCut } from "../packages/runtime-webgpu/src/kernels/attention/matrix-attention-tiling.ts";
import { windowPairs } from "../packages/runtime-webgpu/src/kernels/attention/plan-window.ts";
import { tileAttentionTiling } from "../packages/runtime-webgpu/src/kernels/attention/tile-attention.ts";
import { fitsHeadTiling, headTilingsOf, type HeadTiling } from "../packages/runtime-webgpu/src/kernels/attention/tiling.ts";
import { isOfWindow } from "../packages/runtime-webgpu/src/kernels/attention/timed-attention.ts";
import { testDevice } from "../packages/runtime-webgpu/src/testing/test-device.ts";
import {
  createAttentionTensors,
  headSize,
  hidden,
  prepareAttention,
  worst,
  type AttentionTensors,
  type PreparedAttention,
} from "./attention-on-device.ts";
import { withoutPieces } from "./matrix-attention-pieces.ts";
import { warmClock } from "./warm-clock.ts";
import { median } from "./whole-process.ts";

type Options = NonNullable<Parameters<typeof prepareAttention>[2]>;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    halves: { type: "boolean", default: false },
    floats: { type: "boolean", default: false },
    lengths: { type: "string", default: "512,4096" },
    tilings: { type: "string", default: "" },
    splits: { type: "string", default: "1,2,4" },
    rounds: { type: "string", default: "5" },
    milliseconds: { type: "string", default: "8" },
    pieces: { type: "string" },
  },
});

/** Of matrix units; of shapes beside the device's first, only the first two. */
const matrixCuts: readonly MatrixCut[] = [
  [4, 1, 32, 1, true],
  [12, 1, 32, 3, true],
  [4, 1, 32],
  [8, 1, 32, 2],
  [8, 1, 32, 2, true],
  [2, 1, 32],
  [2, 2, 32],
  [2, 2, 32, 1, true],
  [1, 2, 32],
  [4, 2, 32],
  [4, 1, 64],
  [2, 1, 32, 2],
  [4, 1, 32, 2],
  [4, 1, 32, 4],
];

const window = options.quick ? 64 : 512;
const globals = options.quick ? 2 : 16;
const given = await testDevice();
const facts = { ...given.facts, kind: "gpu" } as const;
const device = { ...given, facts };
console.log(facts.name);

for (const halves of [false, true].filter((one) => options.halves === options.floats || one === options.halves)) {
  for (const sequence of options.quick ? [128] : options.lengths.split(",").map(Number)) {
    const tensors = createAttentionTensors(device, { sequence, window, globals }, halves);
    await compare(tensors);
    tensors.destroy();
  }
}
given.device.destroy();

interface Variant {
  readonly name: string;
  readonly how: Options;
}

interface PreparedVariant {
  readonly name: string;
  readonly prepared: PreparedAttention;
  readonly off: string;
}

async function compare(tensors: AttentionTensors): Promise<void> {
  const { sequence } = tensors.sizes;
  const floatingPointOperations = 4 * hidden * (windowPairs(sequence, window / 2) + sequence * globals);
  console.log(`\nwindow attention, ${sequence} tokens, ${globals} global, ${tensors.halves ? "float16" : "float32"}`);
  const simplest: Variant = { name: "", how: { tilings: { window: { kind: "staged", name: "staged" }, windowSplits: 1 } } };
  const variants = options.pieces === undefined ? variantsOf(tensors) : piecesOf(options.pieces);
  const [base, ...compiled] = await Promise.allSettled([simplest, ...variants].map(({ how }) => prepareWindow(tensors, how)));
  if (base?.status !== "fulfilled") throw base?.reason;
  const expected = await localRows(tensors, base.value);
  base.value.destroy();
  const all: PreparedVariant[] = [];
  for (const [index, { name }] of variants.entries()) {
    const outcome = compiled[index];
    if (outcome?.status !== "fulfilled") {
      console.log(`  ${name.padEnd(44)} failed: ${String(outcome?.reason).replaceAll("\n", " ").slice(0, 600)}`);
      continue;
    }
    all.push({ name, prepared: outcome.value, off: worst(await localRows(tensors, outcome.value), expected) });
  }
  const times = await timeByTurns(all);
  for (const [index, { name, prepared, off }] of all.entries()) {
    const found = times[index] ?? [];
    const middle = median(found);
    console.log(
      `  ${name.padEnd(44)} ${middle.toFixed(4)} ms (${Math.min(...found).toFixed(4)} to ${Math.max(...found).toFixed(4)}) ${(floatingPointOperations / 1e9 / middle).toFixed(2)} TFLOP/s, off by ${off}`,
    );
    prepared.destroy();
  }
}

/** Milliseconds of a run of each, in every round. */
async function timeByTurns(all: readonly PreparedVariant[]): Promise<readonly (readonly number[])[]> {
  if (given.facts.kind === "gpu" && !options.quick) await warmClock(given.device);
  const runs: number[] = [];
  for (const { prepared } of all) {
    const once = (await prepared.run(4)) / 4;
    runs.push(options.quick ? 1 : Math.max(1, Math.round(Number(options.milliseconds) / once)));
  }
  const times = all.map((): number[] => []);
  for (let round = 0; round < (options.quick ? 1 : Number(options.rounds)); round++) {
    for (const [index, { prepared }] of all.entries()) {
      const count = runs[index] ?? 1;
      times[index]?.push((await prepared.run(count)) / count);
    }
  }
  return times;
}

function prepareWindow(tensors: AttentionTensors, how: Options): Promise<PreparedAttention> {
  return prepareAttention(device, tensors, { ...how, only: (kernel) => isOfWindow(kernel.name) });
}

/** What a run writes; the rows of global tokens are not the window's. */
async function localRows(tensors: AttentionTensors, prepared: PreparedAttention): Promise<Float32Array> {
  await prepared.run(1);
  return (await tensors.readContext()).subarray(globals * hidden);
}

function variantsOf({ sizes, halves }: AttentionTensors): readonly Variant[] {
  const words = options.tilings.split(",");
  return windowTilings(halves)
    .filter(({ name }) => words.some((word) => name.endsWith(word)))
    .flatMap((tiling) => {
      const isCut = sizes.sequence <= 1024 && tiling.kind !== "staged";
      return (isCut ? options.splits.split(",").map(Number) : [1]).map((windowSplits) => ({
        name: `${tiling.name}${windowSplits === 1 ? "" : `, keys in ${windowSplits}`}`,
        how: { tilings: { window: tiling, windowSplits } },
      }));
    });
}

function piecesOf(wanted: string): readonly Variant[] {
  const tiling = windowTilings(true).find(({ name }) => name.endsWith(wanted));
  if (tiling?.kind !== "matrix") throw new Error(`--pieces ${wanted} is not a tiling of matrix units that this device can run`);
  return Object.entries(withoutPieces).map(([name, edit]) => ({
    name,
    how: {
      edit: (code: string) => {
        const edited = edit(code);
        if (edited === code && name !== "all of it") throw new Error("there is no such piece in the kernel");
        return edited;
      },
      tilings: { window: tiling, windowSplits: 1 },
    },
  }));
}

/** What the runtime knows, and others. */
function windowTilings(halves: boolean): readonly HeadTiling[] {
  const matrices = (shape: MatrixShape, index: number): readonly HeadTiling[] =>
    matrixCuts.slice(0, index === 0 ? undefined : 2).map((cut) => matrixAttentionTiling(shape, ...cut));
  const others: readonly HeadTiling[] = [
    ...(halves ? (facts.matrixUnits?.shapes ?? []) : []).slice(0, 2).flatMap(matrices),
    tileAttentionTiling(32, 8, 2),
    tileAttentionTiling(16, 8, 4),
    tileAttentionTiling(16, 16, 2),
    tileAttentionTiling(8, 16, 4),
    tileAttentionTiling(16, 8, 2),
    quadTiling(128, 16, 8),
    quadTiling(128, 8, 8),
    quadTiling(256, 16, 8),
    quadTiling(64, 8, 8),
    quadTiling(64, 32, 8),
  ].filter((tiling) => fitsHeadTiling(tiling, headSize, facts));
  const known = headTilingsOf(facts, { length: headSize, halves }).filter(({ kind }) => kind !== "matrix");
  return [...new Map([...others, ...known].map((tiling) => [tiling.name, tiling])).values()];
}
