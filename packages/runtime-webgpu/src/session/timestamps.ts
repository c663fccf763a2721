import type { ProfiledStep } from "@longspan/core/runtime";
import { bufferUsage, mapMode } from "../device/gpu-constants.ts";
import type { LiveDevice } from "../device/live-device.ts";
import type { PlannedStep } from "../plan/graph-plan.ts";

/** Takes the time of every step of a run: two timestamps for each. */
export interface Timestamps {
  writesOf(step: number): GPUComputePassTimestampWrites;
  /** To be recorded behind the last step. */
  resolve(encoder: GPUCommandEncoder): void;
  /** After the submit. */
  read(): Promise<readonly ProfiledStep[]>;
  destroy(): void;
}

/** WebGPU: "maximum query count". */
const maxQueries = 4096;
const nanosecondsPerMillisecond = 1e6;

export function createTimestamps(live: LiveDevice, steps: readonly PlannedStep[]): Promise<Timestamps> {
  const { device } = live;
  const queries = 2 * steps.length;
  const byteLength = Math.max(16, 8 * queries);
  const setSizes = Array.from({ length: Math.ceil(queries / maxQueries) }, (_, at) => Math.min(maxQueries, queries - at * maxQueries));
  return live.scoped("timestamps", () => {
    const sets = setSizes.map((count) => device.createQuerySet({ type: "timestamp", count }));
    const resolved = device.createBuffer({ size: byteLength, usage: bufferUsage.queryResolve | bufferUsage.copySource });
    const readable = device.createBuffer({ size: byteLength, usage: bufferUsage.mapRead | bufferUsage.copyDestination });
    return {
      writesOf(step) {
        const first = (2 * step) % maxQueries;
        const querySet = sets[Math.floor((2 * step) / maxQueries)];
        if (querySet === undefined) throw new RangeError(`there is no step ${step}`);
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
        return steps.map(({ node, dispatch: { kernel, work } }, step) => ({
          node,
          kernel: kernel.name,
          // Clocks that are read on different cores may disagree by a little.
          milliseconds: Math.max(0, Number((times[2 * step + 1] ?? 0n) - (times[2 * step] ?? 0n)) / nanosecondsPerMillisecond),
          ...work,
        }));
      },
      destroy() {
        for (const set of sets) set.destroy();
        resolved.destroy();
        readable.destroy();
      },
    };
  });
}
