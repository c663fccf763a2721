// A program of the GPU archive: what the host does in a run, from the call to the answer, as medians of when it happened; how much of which
// thread's time that took, and how often the garbage collector came. Nothing is measured inside: the device's calls are watched from outside,
// which costs them a fraction of a microsecond each.
// Options: --model base|large|tiny, --precision float32|float16, --sizes 1x512,…, --globals N, --milliseconds N (for each size), --host-only (a
// device of Dawn's that computes nothing and takes no time: what remains is the host's alone), --rest N (milliseconds of sleep before each run, as long as
// a GPU would take: by then the processor's caches hold other things, and what the host does takes twice as long), --reuse (outputs are written over those of the run before), --output FILE.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { LongspanError } from "@longspan/core";
import type { GraphTensor } from "@longspan/core/graph";
import type { SessionInputs } from "@longspan/core/runtime";
import { testDevice, type TestDevice } from "../../packages/runtime-webgpu/src/testing/test-device.ts";
import { runtimeWithFacts } from "../../packages/runtime-webgpu/src/testing/runtime-with-facts.ts";
import { forwardGraph } from "../forward-graphs.ts";
import { modelConfig } from "../forward-models.ts";
import { seededModelWeights } from "../seeded-weights.ts";
import { median } from "../whole-process.ts";
import { hostOnlyDevice } from "./host-only-device.ts";
import { repeatFor } from "./repeat-for.ts";
import { seededInputs } from "./seeded-inputs.ts";

const { values: options } = parseArgs({
  options: {
    model: { type: "string", default: "base" },
    precision: { type: "string", default: "float16" },
    sizes: { type: "string", default: "1x512,1x4096" },
    globals: { type: "string", default: "16" },
    milliseconds: { type: "string", default: "700" },
    "host-only": { type: "boolean", default: false },
    rest: { type: "string", default: "0" },
    reuse: { type: "boolean", default: false },
    output: { type: "string" },
  },
});
const precision = options.precision === "float16" ? "float16" : "float32";
const milliseconds = Number(options.milliseconds);
const opened: TestDevice = options["host-only"] ? await hostOnlyDevice() : await testDevice();
const { device, facts } = opened;
const config = modelConfig(options.model);
const graph = forwardGraph(config, "model");

/** When things happened in the run under way, in milliseconds since its call; the first or the last time, as the name says. */
let marks = new Map<string, number>();
let called = 0;
const first = (name: string): void => void (marks.has(name) || marks.set(name, performance.now() - called));
const last = (name: string): void => void marks.set(name, performance.now() - called);
const count = (name: string): void => void marks.set(name, (marks.get(name) ?? 0) + 1);
watchDevice();

const runtime = runtimeWithFacts(opened);
const weights = seededModelWeights(graph);
const session = await runtime.prepare(graph, weights, { dataType: precision });
const timed =
  facts.timestamps && !options["host-only"] ? await runtime.prepare(graph, weights, { dataType: precision, profile: "run" }) : undefined;
const figures: Record<string, unknown> = {};
/** Outputs of the run before, with --reuse. */
let spent: Record<string, GraphTensor> | undefined;
console.log(`${options.model}, ${precision}, on ${facts.name}${options["host-only"] ? ", which computes nothing" : ""}`);
for (const size of options.sizes.split(",")) {
  const inputs = seededInputs(config, size, Number(options.globals));
  spent = undefined;
  await repeatFor(milliseconds / 2, async () => {
    await rest();
    await answer(session.run(inputs, { reuse: spent }));
  });
  const collections: PerformanceEntry[] = [];
  const collector = new PerformanceObserver((list) => collections.push(...list.getEntries()));
  collector.observe({ entryTypes: ["gc"] });
  const before = await threadTimes();
  const from = performance.now();
  const runs = await repeatFor(milliseconds, async () => {
    await rest();
    called = performance.now();
    marks = new Map([["# called", called]]);
    const running = session.run(inputs, { reuse: spent });
    last("session.run returned its promise");
    await answer(running);
    last("answered");
    return marks;
  });
  const took = performance.now() - from;
  const after = await threadTimes();
  await new Promise((resolve) => setTimeout(resolve, 10));
  collector.disconnect();
  const names = [...new Set(runs.flatMap((run) => [...run.keys()]))];
  const medians = names
    .filter((name) => name !== "# called")
    .map((name): [string, number] => [name, median(runs.map((run) => run.get(name) ?? Number.NaN))]);
  const kernels = await kernelTimes(inputs);
  const run = median(runs.map((one) => one.get("answered") ?? Number.NaN));
  console.log(
    `  ${size}: ${run.toFixed(2)} ms, of which kernels ${kernels.toFixed(2)}: difference ${(run - kernels).toFixed(2)} ms; ${runs.length} runs`,
  );
  for (const [name, value] of medians.filter(([name]) => !name.startsWith("#")).toSorted(([, one], [, other]) => one - other))
    console.log(`    ${value.toFixed(3).padStart(9)} ms  ${name}`);
  for (const [name, value] of medians.filter(([name]) => name.startsWith("#")))
    console.log(`    ${value.toFixed(3).padStart(9)}     ${name.slice(2)}`);
  const threads = threadShares(before, after, took);
  for (const [name, share] of threads) console.log(`    ${share.toFixed(1).padStart(9)} %   of a core: ${name}`);
  const pauses = pausesOf(collections, runs);
  console.log(
    `    ${collections.length} collections of garbage in ${took.toFixed(0)} ms; milliseconds of a run, on the average: ${JSON.stringify(pauses)}`,
  );
  figures[size] = {
    run,
    kernels,
    runs: runs.length,
    medians: Object.fromEntries(medians),
    threads,
    collections: collections.length,
    pauses,
    took,
  };
}
await Promise.all([session.dispose(), timed?.dispose()]);
device.destroy();
if (options.output !== undefined) await writeFile(options.output, JSON.stringify({ device: facts.name, precision, figures }));

async function rest(): Promise<void> {
  if (options.rest !== "0") await sleep(Number(options.rest));
}

/** A device that computes nothing leaves in memory whatever was there, and that may be no numbers: found when all else is done. */
async function answer(running: Promise<Record<string, GraphTensor>>): Promise<void> {
  const outputs = await running.catch((error: unknown) => {
    if (!options["host-only"] || !LongspanError.isInstance(error) || error.code !== "value-overflow") throw error;
    return undefined;
  });
  if (options.reuse) spent = outputs;
}

/** Puts marks around the device's calls, and around the turns that Dawn asks the event loop for while a promise of its is open. */
function watchDevice(): void {
  const { queue } = device;
  const around = <Owner, Name extends keyof Owner>(owner: Owner, method: Name, before: () => unknown, behind: () => unknown): void => {
    const call = (owner[method] as (...words: unknown[]) => unknown).bind(owner);
    owner[method] = ((...words: unknown[]) => {
      before();
      const result = call(...words);
      behind();
      return result;
    }) as Owner[Name];
  };
  const settled = (promise: unknown, name: string): void => {
    const mark = (): void => {
      first(`first ${name}`);
      last(`last ${name}`);
    };
    (promise as Promise<unknown>).then(mark, mark);
  };
  around(
    queue,
    "writeBuffer",
    () => first("inputs checked and computed: the first is written"),
    () => count("# writeBuffer"),
  );
  around(
    queue,
    "submit",
    () => first("first submit"),
    () => {
      first("first submit returned");
      last("last submit returned");
      count("# submits");
    },
  );
  const pop = device.popErrorScope.bind(device);
  device.popErrorScope = () => {
    const popped = pop();
    settled(popped, "errors told: the event loop turns again");
    return popped;
  };
  const workDone = queue.onSubmittedWorkDone.bind(queue);
  queue.onSubmittedWorkDone = () => {
    count("# onSubmittedWorkDone");
    const done = workDone();
    settled(done, "onSubmittedWorkDone told");
    return done;
  };
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const map = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = (...words) => {
      first("mapAsync asked");
      const mapped = map(...words);
      settled(mapped, "mapped");
      return mapped;
    };
    around(
      buffer,
      "getMappedRange",
      () => first("first range read"),
      () => last("last range read"),
    );
    around(
      buffer,
      "unmap",
      () => buffer.mapState === "mapped" && last("last unmapped"),
      () => undefined,
    );
    return buffer;
  };
  const later = globalThis.setImmediate;
  globalThis.setImmediate = ((...words: Parameters<typeof later>) => {
    count("# turns of the event loop asked for");
    return later(...words);
  }) as typeof later;
  const timer = globalThis.setTimeout;
  globalThis.setTimeout = ((work: () => void, ...words: [number]) => {
    first("asleep");
    return timer(
      () => {
        last("awake");
        work();
      },
      ...words,
    );
  }) as typeof timer;
}

/** Median of the kernels' milliseconds in runs of the same inputs, by the GPU's own clock; NaN where it does not tell, none where nothing computes. */
async function kernelTimes(inputs: SessionInputs): Promise<number> {
  if (timed === undefined) return options["host-only"] ? 0 : Number.NaN;
  const times = await repeatFor(milliseconds / 3, async () => {
    await answer(timed.run(inputs));
    return timed.profile?.()?.deviceMilliseconds ?? Number.NaN;
  });
  return median(times);
}

/** How long the garbage collector held up the parts of a run. */
function pausesOf(
  collections: readonly PerformanceEntry[],
  runs: readonly ReadonlyMap<string, number>[],
): Readonly<Record<string, number>> {
  const pauses: Record<string, number> = { "until all is submitted": 0, "while the GPU works": 0, "once it is done": 0 };
  for (const { startTime, duration } of collections) {
    const run = runs.findLast((one) => (one.get("# called") ?? 0) <= startTime);
    if (run === undefined) continue;
    const at = startTime - (run.get("# called") ?? 0);
    const part = at < (run.get("last submit returned") ?? 0) ? 0 : at < (run.get("first mapped") ?? 0) ? 1 : 2;
    const name = Object.keys(pauses)[part] ?? "";
    pauses[name] = (pauses[name] ?? 0) + duration / runs.length;
  }
  return Object.fromEntries(Object.entries(pauses).map(([name, value]) => [name, Number(value.toFixed(3))]));
}

/** Nanoseconds of each thread of this process on a core, by its number and name; Linux alone tells. */
async function threadTimes(): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  for (const thread of await readdir("/proc/self/task").catch(() => [])) {
    const folder = `/proc/self/task/${thread}`;
    const [name, spent] = await Promise.all(["comm", "schedstat"].map((file) => readFile(`${folder}/${file}`, "utf8").catch(() => "")));
    times.set(`${name?.trim()} ${thread}`, Number(spent?.split(" ")[0]));
  }
  return times;
}

function threadShares(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, took: number): readonly [string, number][] {
  return [...after]
    .map(([name, time]): [string, number] => [name, (time - (before.get(name) ?? 0)) / 1e4 / took])
    .filter(([, share]) => share >= 0.5)
    .toSorted(([, one], [, other]) => other - one);
}
