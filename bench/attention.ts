// `npm run bench:attention`: window and global attention of Longformer base (12 heads of 64, window 512), alone, on tensors that lie on
// the device.
// 1. The fused kernels against core's blocked lowering of the same operation, and against what runtime-ort makes of it, as ONNX models that
//    onnxruntime-web runs on the same device; dense attention beside them. Values are compared first.
// 2. Time for each counted (query, key) pair from 2,048 to 16,384 tokens.
// 3. The two forms of global attention for 1 to 128 global tokens: which is faster up to where.
// Medians of interleaved runs. On a GPU also as shares of what nothing but multiply-adds, and nothing but copies, reach.
// Options: --runs N (default 5), --parts onnx,length,forms (default: all), --sequence N (parts 1 and 3; default 2048), --window N (default 512),
// --quick (one run, on a cold clock, without dense attention: whether all works), --output FILE (all figures as JSON).
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  buildGraph,
  type Graph,
  type GraphBuilder,
  lowerLongformerAttention,
  type Operation,
  operations,
  runPasses,
  type Value,
} from "@longspan/core/graph";
import { attentionInputs } from "../packages/runtime-webgpu/src/kernels/attention/attention-plan.ts";
import { isOfWindow } from "../packages/runtime-webgpu/src/kernels/attention/timed-attention.ts";
import { windowPairs } from "../packages/runtime-webgpu/src/kernels/attention/plan-window.ts";
import { bufferUsage } from "../packages/runtime-webgpu/src/device/gpu-constants.ts";
import { testDevice, type TestDevice } from "../packages/runtime-webgpu/src/testing/test-device.ts";
import {
  createAttentionTensors,
  headSize,
  heads,
  hidden,
  prepareAttention,
  type AttentionSizes,
  type AttentionTensors,
  type PreparedAttention,
} from "./attention-on-device.ts";
import { multiplyAddPeak } from "./multiply-add-peak.ts";
import { openOnnxOnDevice } from "./onnx-on-device.ts";
import { warmClock } from "./warm-clock.ts";
import { median } from "./whole-process.ts";

interface Contender {
  readonly name: string;
  /** Milliseconds of so many runs. */
  readonly run: (times: number) => Promise<number>;
}

/** A time is of as many runs as take about this long, of at most `maxRuns`. */
const minMilliseconds = 50;
const maxRuns = 100;
/** Sums of a few hundred products in float32, in another order. */
const tolerance = 1e-4;

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    parts: { type: "string", default: "onnx,length,forms" },
    sequence: { type: "string", default: "2048" },
    window: { type: "string", default: "512" },
    quick: { type: "boolean", default: false },
    output: { type: "string" },
  },
});
const parts = new Set(options.parts.split(","));
const sequence = Number(options.sequence);
const window = Number(options.window);
const given = await testDevice();
const { device, facts } = given;
console.log(`${facts.name} (${facts.kind})`);
if (facts.kind === "gpu" && !options.quick) await warmClock(device);
const peaks =
  facts.kind === "gpu" && !options.quick ? { gigaflops: await multiplyAddPeak(device), gigabytes: await copyPeak(given) } : undefined;
if (peaks !== undefined)
  console.log(`multiply-adds alone: ${peaks.gigaflops.toFixed(0)} GFLOP/s; copies alone: ${peaks.gigabytes.toFixed(0)} GB/s`);
const figures: Record<string, readonly { readonly name: string; readonly milliseconds: number }[]> = {};
if (parts.has("onnx")) for (const globals of options.quick ? [16] : [0, 16]) await compareWithOnnx({ sequence, window, globals });
if (parts.has("length")) await compareLengths();
if (parts.has("forms")) await compareForms();
device.destroy();
if (options.output !== undefined) await writeFile(options.output, JSON.stringify({ device: facts.name, peaks, figures }));

async function compareWithOnnx(sizes: AttentionSizes): Promise<void> {
  const tensors = createAttentionTensors(given, sizes);
  const ours = await prepareAttention(given, tensors);
  await ours.run(1);
  const expected = await tensors.readContext();
  const whole = createAttentionTensors(given, { ...sizes, window: 2 * sizes.sequence, globals: 0 });
  const oursDense = await prepareAttention(given, whole);
  await oursDense.run(1);
  const expectedDense = await whole.readContext();
  const operation = attentionGraph(sizes);
  const onnx = [
    { name: "onnxruntime-web, core's blocked lowering", graph: runPasses(operation, [lowerLongformerAttention()]), on: tensors, expected },
    { name: "onnxruntime-web, as runtime-ort writes it", graph: operation, on: tensors, expected },
    { name: "onnxruntime-web, dense attention", graph: denseGraph(sizes), on: whole, expected: expectedDense },
  ];
  const contenders: Contender[] = [{ name: "fused", run: ours.run }];
  const releases: (() => Promise<void>)[] = [];
  for (const { name, graph, on, expected: wanted } of options.quick ? onnx.slice(0, 1) : onnx) {
    const session = await openOnnxOnDevice(graph, device, { ...on.inputs, context: on.context });
    releases.push(session.release);
    await session.run();
    checkClose(name, await on.readContext(), wanted);
    const run = async (times: number): Promise<number> => {
      const start = performance.now();
      for (let time = 0; time < times; time++) await session.run();
      await device.queue.onSubmittedWorkDone();
      return performance.now() - start;
    };
    contenders.push({ name, run });
  }
  contenders.push({ name: "fused, with a window over everything", run: oursDense.run });
  const times = await measure(contenders);
  const [fused = Number.NaN, lowered = Number.NaN] = times;
  figures[`onnx, ${sizes.sequence} tokens, ${sizes.globals} global`] = named(contenders, times);
  const pairs = windowPairs(sizes.sequence, window / 2) + sizes.sequence * sizes.globals;
  console.log(`\n${sizes.sequence} tokens, window ${window}, ${sizes.globals} global: values agree within ${tolerance}`);
  for (const [index, { name }] of contenders.entries()) {
    const milliseconds = times[index] ?? Number.NaN;
    console.log(`  ${name.padEnd(44)} ${milliseconds.toFixed(1).padStart(9)} ms ${(milliseconds / fused).toFixed(2).padStart(7)} x fused`);
  }
  console.log(`  useful: ${((4 * hidden * pairs) / 1e6 / fused).toFixed(2)} GFLOP/s${shares(ours, fused)}`);
  console.log(`  goal: 5 x faster than core's blocked lowering; reached ${(lowered / fused).toFixed(2)} x`);
  for (const release of releases) await release();
  for (const one of [ours, oursDense, tensors, whole]) one.destroy();
}

async function compareLengths(): Promise<void> {
  const lengths = [2048, 4096, 8192, 16384];
  const longest = Math.max(...lengths);
  const isWindow = ({ name }: { readonly name: string }): boolean => isOfWindow(name);
  for (const { title, globals, only, goal } of [
    { title: "local tokens, no global ones", globals: 0, only: isWindow, goal: true },
    { title: "local tokens to their windows and 16 global tokens", globals: 16, only: isWindow, goal: true },
    { title: "all of it with 16 global tokens, which attend to all", globals: 16, only: undefined, goal: false },
  ]) {
    const all: {
      readonly length: number;
      readonly tensors: AttentionTensors;
      readonly prepared: PreparedAttention;
      readonly pairs: number;
    }[] = [];
    for (const length of lengths) {
      const tensors = createAttentionTensors(given, { sequence: length, window, globals });
      const prepared = await prepareAttention(given, tensors, only === undefined ? {} : { only });
      // What has to be computed: the band without what lies beyond the ends, each global column once, and the global tokens' own rows.
      const pairs = windowPairs(length, window / 2) + length * globals * (only === undefined ? 2 : 1);
      all.push({ length, tensors, prepared, pairs });
    }
    // Every time is of as many tokens, so that nothing weighs on the short ones alone.
    const times = await measure(
      all.map(({ length, prepared }) => ({ name: `${length} tokens`, run: (count) => prepared.run((count * longest) / length) })),
    );
    const nanoseconds = all.map(({ pairs, length }, index) => ((times[index] ?? Number.NaN) * 1e6 * length) / longest / pairs);
    console.log(`\nwindow ${window}, ${title}: time for each (query, key) pair`);
    for (const [index, { length }] of all.entries())
      console.log(`  ${String(length).padStart(6)} tokens ${(nanoseconds[index] ?? Number.NaN).toFixed(3).padStart(10)} ns`);
    const spread = `${((Math.max(...nanoseconds) / Math.min(...nanoseconds) - 1) * 100).toFixed(1)} %`;
    console.log(goal ? `  goal: within 10 %; reached ${spread}` : `  within ${spread}`);
    for (const { tensors, prepared } of all) for (const one of [prepared, tensors]) one.destroy();
  }
}

async function compareForms(): Promise<void> {
  const counts = [1, 2, 4, 8, 16, 32, 64, 128];
  console.log(`\nglobal attention of ${sequence} tokens, without the window's`);
  let breakEven = 0;
  for (const globals of counts) {
    const tensors = createAttentionTensors(given, { sequence, window, globals });
    const only = ({ name }: { readonly name: string }): boolean => !isOfWindow(name);
    const forms = [
      { name: "re-associated", prepared: await prepareAttention(given, tensors, { only, reassociateUpTo: Number.POSITIVE_INFINITY }) },
      { name: "direct", prepared: await prepareAttention(given, tensors, { only, reassociateUpTo: 0 }) },
    ];
    const rows: Float32Array[] = [];
    for (const { prepared } of forms) {
      await prepared.run(1);
      rows.push((await tensors.readContext()).subarray(0, globals * hidden));
    }
    const [first, second] = rows;
    if (first === undefined || second === undefined) throw new Error("there are two forms");
    checkClose(`the direct form for ${globals} global tokens`, second, first);
    const [reassociated = Number.NaN, direct = Number.NaN] = await measure(
      forms.map(({ name, prepared }) => ({ name, run: prepared.run })),
    );
    figures[`forms, ${sequence} tokens, ${globals} global`] = named(forms, [reassociated, direct]);
    if (reassociated <= direct) breakEven = globals;
    console.log(
      `  ${String(globals).padStart(4)} global: re-associated ${reassociated.toFixed(1).padStart(8)} ms, direct ${direct.toFixed(1).padStart(8)} ms, ratio ${(reassociated / direct).toFixed(2)}`,
    );
    for (const { prepared } of forms) prepared.destroy();
    tensors.destroy();
  }
  console.log(`  re-associated is faster up to ${breakEven} global tokens; kernels take it up to ${headSize / 2}`);
}

/** Medians, in milliseconds, of runs that take turns. */
async function measure(contenders: readonly Contender[]): Promise<readonly number[]> {
  const repetitions: number[] = [];
  for (const { run } of contenders)
    repetitions.push(options.quick ? 1 : Math.min(maxRuns, Math.max(1, Math.round(minMilliseconds / (await run(1))))));
  const times = contenders.map((): number[] => []);
  for (let round = 0; round < Number(options.runs); round++)
    for (const [index, { run }] of contenders.entries())
      times[index]?.push((await run(repetitions[index] ?? 1)) / (repetitions[index] ?? 1));
  return times.map(median);
}

function named(contenders: readonly { readonly name: string }[], times: readonly number[]): { name: string; milliseconds: number }[] {
  return contenders.map(({ name }, index) => ({ name, milliseconds: times[index] ?? Number.NaN }));
}

function shares(
  { floatingPointOperations, bytes }: { readonly floatingPointOperations: number; readonly bytes: number },
  milliseconds: number,
): string {
  if (peaks === undefined) return "";
  const part = (amount: number, peak: number): string => `${((amount / 1e6 / milliseconds / peak) * 100).toFixed(1)} %`;
  return `; ${part(floatingPointOperations, peaks.gigaflops)} of multiply-adds alone, ${part(bytes, peaks.gigabytes)} of copies alone`;
}

function checkClose(name: string, found: Float32Array, expected: Float32Array): void {
  for (const [index, value] of expected.entries()) {
    const difference = Math.abs(value - (found[index] ?? Number.NaN));
    if (!(difference <= tolerance)) throw new Error(`${name} gives ${found[index]} at ${index}, not ${value}`);
  }
}

/** The operation alone, weights as inputs. */
function attentionGraph({ sequence: tokens, window: width }: AttentionSizes): Graph {
  return buildGraph("attention", (builder) => {
    const inputs = attentionInputs.map((name, index) =>
      name === "mask"
        ? builder.input(name, "int32", [1, tokens])
        : builder.input(name, "float32", index < 4 ? [1, tokens, hidden] : name.endsWith("Weight") ? [hidden, hidden] : [hidden]),
    );
    const attention: Operation = operations.longformerAttention;
    builder.output("context", builder.apply(attention, inputs, { heads, window: width }));
  });
}

/** softmax(Q Kᵀ / √d) V, a few heads at a time, whose scores are less than a binding may be. */
function denseGraph({ sequence: tokens }: AttentionSizes): Graph {
  const headsAtOnce = Math.max(1, Math.floor(2 ** 26 / (4 * tokens * tokens)));
  return buildGraph("dense", (builder: GraphBuilder) => {
    const split = (name: string, permutation: readonly number[]): Value =>
      builder.apply(
        operations.transpose,
        [builder.apply(operations.reshape, [builder.input(name, "float32", [1, tokens, hidden])], { shape: [1, tokens, heads, headSize] })],
        { permutation },
      );
    const [query, key, value] = [split("query", [0, 2, 1, 3]), split("key", [0, 2, 3, 1]), split("value", [0, 2, 1, 3])];
    const scale = builder.apply(operations.constant, [], { dataType: "float32", shape: [], values: [1 / Math.sqrt(headSize)] });
    const contexts: Value[] = [];
    for (let start = 0; start < heads; start += headsAtOnce) {
      const cut = (x: Value): Value => builder.apply(operations.slice, [x], { axis: 1, start, end: Math.min(heads, start + headsAtOnce) });
      const scores = builder.apply(operations.matMul, [builder.apply(operations.multiply, [cut(query), scale]), cut(key)]);
      contexts.push(builder.apply(operations.matMul, [builder.apply(operations.softmax, [scores]), cut(value)]));
    }
    const joined = builder.apply(operations.transpose, [builder.apply(operations.concatenate, contexts, { axis: 1 })], {
      permutation: [0, 2, 1, 3],
    });
    builder.output("context", builder.apply(operations.reshape, [joined], { shape: [1, tokens, hidden] }));
  });
}

/** 10⁹ bytes a second, read and written, of copying a large buffer. */
async function copyPeak({ device: on }: TestDevice): Promise<number> {
  const size = 2 ** 27;
  const buffers = [0, 1].map(() => on.createBuffer({ size, usage: bufferUsage.copySource | bufferUsage.copyDestination }));
  const [source, target] = buffers;
  if (source === undefined || target === undefined) throw new Error("there are two buffers");
  const times: number[] = [];
  for (let round = 0; round < 6; round++) {
    const start = performance.now();
    const encoder = on.createCommandEncoder();
    for (let time = 0; time < 10; time++) encoder.copyBufferToBuffer(source, 0, target, 0, size);
    on.queue.submit([encoder.finish()]);
    await on.queue.onSubmittedWorkDone();
    if (round > 0) times.push(performance.now() - start);
  }
  for (const buffer of buffers) buffer.destroy();
  return (2 * size * 10) / 1e6 / Math.min(...times);
}
