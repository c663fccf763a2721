import type { GpuDevice } from "../../device/gpu-objects.ts";
import { LongspanError } from "@longspan/core";
import { throwIfAborted } from "@longspan/core/adapter";
import { createPipelineCache } from "../../device/pipeline-cache.ts";
import { readDeviceFacts } from "../../device/read-device-facts.ts";
import type { LinearShape, LinearTuning, LinearTuningEntry } from "./linear-tuning.ts";
import { tilingsOf, type Tiling } from "./tiling.ts";
import { createLinearBuffers, prepareTimedLinear, type TimedDevice } from "./timed-linear.ts";

/** What `tuneLinear` tries. */
export interface TuneLinearOptions {
  /** Names of the tilings to try. Default: all that the device can run. */
  readonly tilings?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Tilings take turns, this many times; the middle one of each one's times counts. */
const rounds = 3;
/** A time is of as many runs as take about this long, so that the clock's steps do not matter, but of no more than `maxRuns`. */
const minMilliseconds = 20;
const maxRuns = 64;

/**
 * Measures which tiling of a linear layer is the fastest on a device, for each of the shapes given: a second or so a shape on a GPU. The
 * result is plain data: keep it as JSON, and pass it to `webgpu({ tuning })`.
 *
 *     const tuning = await tuneLinear(device, [{ rows: 4096, columns: 768, inner: 768, weightStorage: "float32" }]);
 *
 * Other work on the device meanwhile makes it say anything.
 * @throws LongspanError `device-limit` for a shape with a tensor larger than a buffer may be; `argument-invalid` for sizes that are none and
 * tilings that the device has not; `aborted`.
 */
export async function tuneLinear(
  device: GpuDevice,
  shapes: readonly LinearShape[],
  options: TuneLinearOptions = {},
): Promise<LinearTuning> {
  const facts = readDeviceFacts(device);
  const timed: TimedDevice = { device, facts, pipelines: createPipelineCache(device) };
  const tilings = wantedTilings(tilingsOf(facts), options.tilings);
  const entries: LinearTuningEntry[] = [];
  for (const shape of shapes) entries.push(await tuneShape(timed, shape, tilings, options.signal));
  return { version: 1, device: facts.name, entries };
}

async function tuneShape(
  timed: TimedDevice,
  shape: LinearShape,
  tilings: readonly Tiling[],
  signal: AbortSignal | undefined,
): Promise<LinearTuningEntry> {
  const { rows, columns, inner } = shape;
  if (![rows, columns, inner].every((size) => Number.isSafeInteger(size) && size >= 1))
    throw new LongspanError(
      "argument-invalid",
      `A linear layer cannot be tuned for ${JSON.stringify({ rows, columns, inner })}: sizes are integers, 1 or more.`,
    );
  const buffers = createLinearBuffers(timed, shape);
  const candidates: {
    readonly name: string;
    readonly runs: number;
    readonly run: (times: number) => Promise<number>;
    readonly times: number[];
    destroy(): void;
  }[] = [];
  try {
    for (const tiling of tilings) {
      throwIfAborted(signal);
      const linear = await prepareTimedLinear(timed, tiling, buffers);
      // The first run compiles, on some drivers; the second tells how many are worth timing.
      await linear.run(1);
      const runs = Math.min(maxRuns, Math.max(1, Math.ceil(minMilliseconds / (await linear.run(1)))));
      candidates.push({ name: tiling.name, runs, run: linear.run, times: [], destroy: linear.destroy });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { run, runs, times } of candidates) {
        throwIfAborted(signal);
        times.push((await run(runs)) / runs);
      }
    }
  } finally {
    for (const candidate of candidates) candidate.destroy();
    buffers.destroy();
  }
  const results = candidates.map(({ name, times }) => ({ name, gigaflops: (2 * rows * columns * inner) / 1e6 / middle(times) }));
  const [best] = results.toSorted((left, right) => right.gigaflops - left.gigaflops);
  return { ...shape, tiling: best?.name ?? "", gigaflops: Object.fromEntries(results.map(({ name, gigaflops }) => [name, gigaflops])) };
}

function wantedTilings(all: readonly Tiling[], names: readonly string[] | undefined): readonly Tiling[] {
  if (names === undefined) return all;
  const known = new Map(all.map((tiling) => [tiling.name, tiling]));
  const wanted = [...new Set(names)].map((name) => {
    const tiling = known.get(name);
    if (tiling === undefined)
      throw new LongspanError("argument-invalid", `This device has no tiling "${name}"; it has ${[...known.keys()].join(", ")}.`);
    return tiling;
  });
  if (wanted.length === 0) throw new LongspanError("argument-invalid", "No tilings to try: leave `tilings` out to try all of them.");
  return wanted;
}

function middle(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? Number.POSITIVE_INFINITY;
}
