import type { SessionProfile } from "@longspan/core/runtime";
import { required } from "../kernel/required.ts";
import { bufferUsage, mapMode } from "../device/gpu-constants.ts";
import type { LiveDevice } from "../device/live-device.ts";
import type { PlannedStep } from "../plan/graph-plan.ts";

/** See `SessionProfile`. */
export type RunTimes = Pick<SessionProfile, "steps" | "deviceMilliseconds">;

/** Takes times of a run by two timestamps for each of its passes: one for every step, or one for all steps that are submitted together. */
export interface Timestamps {
  readonly of: "step" | "run";
  /** Of the pass that begins with this step. */
  writesOf(step: number): GPUComputePassTimestampWrites;
  /** To be recorded behind the last step. */
  resolve(encoder: GPUCommandEncoder): void;
  /** After the submit. */
  read(): Promise<RunTimes>;
  destroy(): void;
}

/** WebGPU: "maximum query count". */
const maxQueries = 4096;
const nanosecondsPerMillisecond = 1e6;

/** @throws LongspanError `out-of-memory`, `device-lost`. */
export async function createTimestamps(live: LiveDevice, steps: readonly PlannedStep[], of: Timestamps["of"]): Promise<Timestamps> {
  const made: (GPUQuerySet | GPUBuffer)[] = [];
  try {
    return await live.scoped("timestamps", () => timestampsOf(live, steps, of, made));
  } catch (error) {
    for (const one of made) one.destroy();
    throw error;
  }
}

/** Everything that is made for it comes into `made`. */
function timestampsOf(
  live: LiveDevice,
  steps: readonly PlannedStep[],
  of: Timestamps["of"],
  made: (GPUQuerySet | GPUBuffer)[],
): Timestamps {
  const { device } = live;
  const queries = 2 * steps.length;
  const byteLength = Math.max(16, 8 * queries);
  const setSizes = Array.from({ length: Math.ceil(queries / maxQueries) }, (_, at) => Math.min(maxQueries, queries - at * maxQueries));
  const kept = <One extends GPUQuerySet | GPUBuffer>(one: One): One => {
    made.push(one);
    return one;
  };
  const sets = setSizes.map((count) => kept(device.createQuerySet({ type: "timestamp", count })));
  const resolved = kept(device.createBuffer({ size: byteLength, usage: bufferUsage.queryResolve | bufferUsage.copySource }));
  const readable = kept(device.createBuffer({ size: byteLength, usage: bufferUsage.mapRead | bufferUsage.copyDestination }));
  const written = new Set<number>();
  return {
    of,
    writesOf(step) {
      // The first of a run: one that was given up may have left its own.
      if (step === 0) written.clear();
      written.add(step);
      const first = (2 * step) % maxQueries;
      const querySet = required(sets[Math.floor((2 * step) / maxQueries)], `step ${step}`);
      return { querySet, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
    },
    resolve(encoder) {
      for (const [at, set] of sets.entries()) encoder.resolveQuerySet(set, 0, set.count, resolved, at * maxQueries * 8);
      encoder.copyBufferToBuffer(resolved, 0, readable, 0, byteLength);
    },
    async read() {
      await live.guard(readable.mapAsync(mapMode.read));
      const times = new BigUint64Array(readable.getMappedRange().slice(0));
      readable.unmap();
      // Clocks that are read on different cores may disagree by a little.
      const took = (step: number): number =>
        Math.max(0, Number((times[2 * step + 1] ?? 0n) - (times[2 * step] ?? 0n)) / nanosecondsPerMillisecond);
      if (of === "run") return { steps: [], deviceMilliseconds: [...written].reduce((sum, step) => sum + took(step), 0) };
      return {
        steps: steps.map(({ node, dispatch: { kernel, work } }, step) => ({
          node,
          kernel: kernel.name,
          milliseconds: took(step),
          ...work,
        })),
      };
    },
    destroy() {
      for (const one of made) one.destroy();
    },
  };
}
