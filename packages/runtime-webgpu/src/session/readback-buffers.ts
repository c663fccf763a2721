import { bufferUsage } from "../device/gpu-constants.ts";
import type { LiveDevice } from "../device/live-device.ts";
import { roomySize } from "./buffer-pool.ts";

/** The buffers that the outputs of one run are copied to, to be read by the host. Whoever took them gives them back. */
interface ReadbackBuffers {
  /** In the order of a plan's arenas; of at least the sizes asked for. */
  readonly buffers: readonly GPUBuffer[];
  giveBack(): void;
}

/**
 * Readback buffers of a session, which live as long as it: as many sets as runs may be under way, each as large as its most demanding run so
 * far.
 */
export interface ReadbackPool {
  /**
   * A set of buffers of at least these sizes; waits until one is free.
   * @throws LongspanError `out-of-memory`, `device-lost`.
   */
  take(sizes: readonly number[]): Promise<ReadbackBuffers>;
  destroy(): void;
}

/** One run computes while another's outputs are read. */
const setsAtMost = 2;

export function createReadbackPool(live: LiveDevice): ReadbackPool {
  const free: (GPUBuffer | undefined)[][] = [];
  const waiting: ((set: (GPUBuffer | undefined)[]) => void)[] = [];
  const all: (GPUBuffer | undefined)[][] = [];

  const obtain = (): Promise<(GPUBuffer | undefined)[]> | (GPUBuffer | undefined)[] => {
    const set = free.pop();
    if (set !== undefined) return set;
    if (all.length >= setsAtMost) return new Promise((resolve) => waiting.push(resolve));
    const another: (GPUBuffer | undefined)[] = [];
    all.push(another);
    return another;
  };
  const release = (set: (GPUBuffer | undefined)[]): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(set);
    else next(set);
  };

  return {
    async take(sizes) {
      const set = await obtain();
      try {
        const buffers: GPUBuffer[] = [];
        for (const [index, size] of sizes.entries()) {
          let buffer = set[index];
          if (buffer === undefined || buffer.size < size) {
            buffer?.destroy();
            set[index] = undefined;
            const usage = bufferUsage.mapRead | bufferUsage.copyDestination;
            buffer = await live.createBuffer("the run's outputs", roomySize(size, live.facts.limits.maxBufferSize), usage);
            set[index] = buffer;
          }
          buffers.push(buffer);
        }
        return { buffers, giveBack: () => release(set) };
      } catch (error) {
        release(set);
        throw error;
      }
    },
    destroy() {
      for (const set of all) for (const buffer of set.splice(0)) buffer?.destroy();
    },
  };
}
