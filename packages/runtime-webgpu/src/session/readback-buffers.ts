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

interface BufferSet {
  readonly buffers: (GPUBuffer | undefined)[];
  /** Bytes of each: asking a buffer is a call of the device's. */
  readonly sizes: number[];
}

export function createReadbackPool(live: LiveDevice): ReadbackPool {
  const free: BufferSet[] = [];
  const waiting: ((set: BufferSet) => void)[] = [];
  const all: BufferSet[] = [];

  const obtain = (): Promise<BufferSet> | BufferSet => {
    const set = free.pop();
    if (set !== undefined) return set;
    if (all.length >= setsAtMost) return new Promise((resolve) => waiting.push(resolve));
    const another: BufferSet = { buffers: [], sizes: [] };
    all.push(another);
    return another;
  };
  const release = (set: BufferSet): void => {
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
          let buffer = set.buffers[index];
          if (buffer === undefined || (set.sizes[index] ?? 0) < size) {
            buffer?.destroy();
            set.buffers[index] = undefined;
            const usage = bufferUsage.mapRead | bufferUsage.copyDestination;
            const roomy = roomySize(size, live.facts.limits.maxBufferSize);
            buffer = await live.createBuffer("the run's outputs", roomy, usage);
            set.buffers[index] = buffer;
            set.sizes[index] = roomy;
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
      for (const set of all) for (const buffer of set.buffers.splice(0)) buffer?.destroy();
    },
  };
}
