import { LongspanError } from "@longspan/core";
import { throwIfAborted } from "@longspan/core/adapter";
import type { LiveDevice } from "../../device/live-device.ts";
import type { LinearShape, LinearTuningEntry } from "./check-tuning.ts";
import type { Tiling } from "./tiling.ts";
import { isRefused, type TimedDispatches } from "../../device/timed-dispatches.ts";
import { createLinearBuffers, prepareTimedLinear } from "./timed-linear.ts";

/** How thoroughly tilings are measured. */
export interface MeasureTilingsOptions {
  /** Tilings take turns, so many times; the middle one of each one's times counts. */
  readonly rounds: number;
  /** A time is of as many runs as take about this long, so that the clock's steps do not matter, but of no more than 64. */
  readonly milliseconds: number;
  readonly signal?: AbortSignal | undefined;
}

const maxRuns = 64;

interface Candidate {
  readonly name: string;
  readonly linear: TimedDispatches;
  runs: number;
  readonly times: number[];
}

/**
 * Measures tilings of one linear layer; undefined when the device takes none of them. A tiling whose kernels it does not take is left out.
 * @throws LongspanError `device-limit` for a tensor larger than a buffer may be; `argument-invalid` for sizes that are none; `out-of-memory`,
 * `device-lost`, `aborted`.
 */
export async function measureTilings(
  live: LiveDevice,
  shape: LinearShape,
  tilings: readonly Tiling[],
  { rounds, milliseconds, signal }: MeasureTilingsOptions,
): Promise<LinearTuningEntry | undefined> {
  const { rows, columns, inner } = shape;
  if (![rows, columns, inner].every((size) => Number.isSafeInteger(size) && size >= 1))
    throw new LongspanError(
      "argument-invalid",
      `A linear layer cannot be tuned for ${JSON.stringify({ rows, columns, inner })}: sizes are integers, 1 or more.`,
    );
  const buffers = await createLinearBuffers(live, shape);
  const compiled = await Promise.allSettled(
    tilings.map(async (tiling): Promise<Candidate> => ({
      name: tiling.name,
      linear: await prepareTimedLinear(live, tiling, buffers),
      runs: 1,
      times: [],
    })),
  );
  const prepared: Candidate[] = [];
  try {
    for (const one of compiled) {
      if (one.status === "fulfilled") prepared.push(one.value);
      else if (!isRefused(one.reason)) throw one.reason;
    }
    if (prepared.length === 0) return undefined;
    for (const one of prepared) {
      throwIfAborted(signal);
      // The first run compiles, on some drivers; the second tells how many are worth timing.
      await one.linear.run(1);
      one.runs = Math.min(maxRuns, Math.max(1, Math.ceil(milliseconds / (await one.linear.run(1)))));
    }
    for (let round = 0; round < rounds; round++) {
      for (const { linear, runs, times } of prepared) {
        throwIfAborted(signal);
        times.push((await linear.run(runs)) / runs);
      }
    }
  } finally {
    for (const one of compiled) if (one.status === "fulfilled") one.value.linear.destroy();
    buffers.destroy();
  }
  const results = prepared.map(({ name, times }) => ({ name, gigaflops: (2 * rows * columns * inner) / 1e6 / middle(times) }));
  const [best] = results.toSorted((left, right) => right.gigaflops - left.gigaflops);
  return { ...shape, tiling: best?.name ?? "", gigaflops: Object.fromEntries(results.map(({ name, gigaflops }) => [name, gigaflops])) };
}

function middle(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? Number.POSITIVE_INFINITY;
}
