import { bufferUsage } from "../device/gpu-constants.ts";
import type { LiveDevice } from "../device/live-device.ts";

/** `work`: what nodes compute; `upload`: what the host writes. */
type PoolKind = "work" | "upload";

/** What a session's buffers are for, and with which rights they are made. */
const usages: Readonly<Record<PoolKind, number>> = {
  work: bufferUsage.storage | bufferUsage.copySource,
  upload: bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination,
};

/**
 * The buffers that all plans of a session run in: as many and as large as the most demanding plan so far needs, so that changing lengths
 * neither allocates again and again nor piles up. The GPU does what is submitted in that order, so a run may be submitted as soon as the one
 * before it is: it finds these buffers done with. The same holds for buffers that are replaced meanwhile.
 */
export interface BufferPool {
  /** Changes when buffers were replaced: bind groups made before are void. */
  readonly generation: number;
  /** By kind, in the order of a plan's arenas. */
  readonly buffers: Readonly<Record<PoolKind, readonly (GPUBuffer | undefined)[]>>;
  /** Bytes of all buffers. */
  readonly byteLength: number;
  /**
   * Sees to buffers of at least these sizes.
   * @throws LongspanError `out-of-memory`, `device-lost`.
   */
  provide(demand: Readonly<Record<PoolKind, readonly number[]>>): Promise<void>;
  destroy(): void;
}

export function createBufferPool(live: LiveDevice): BufferPool {
  const buffers: Record<PoolKind, (GPUBuffer | undefined)[]> = { work: [], upload: [] };
  let generation = 0;

  const grow = async (kind: PoolKind, index: number, size: number): Promise<void> => {
    buffers[kind][index]?.destroy();
    buffers[kind][index] = undefined;
    generation++;
    buffers[kind][index] = await live.createBuffer(purposes[kind], size, usages[kind]);
  };

  return {
    get generation() {
      return generation;
    },
    buffers,
    get byteLength() {
      return Object.values(buffers).reduce((sum, kind) => sum + kind.reduce((bytes, buffer) => bytes + (buffer?.size ?? 0), 0), 0);
    },
    async provide(demand) {
      for (const kind of poolKinds) {
        for (const [index, size] of demand[kind].entries()) {
          if ((buffers[kind][index]?.size ?? 0) < size) await grow(kind, index, roomySize(size, live.facts.limits.maxBufferSize));
        }
      }
    },
    destroy() {
      for (const kind of poolKinds) for (const buffer of buffers[kind].splice(0)) buffer?.destroy();
    },
  };
}

const poolKinds: readonly PoolKind[] = ["work", "upload"];

const purposes: Readonly<Record<PoolKind, string>> = {
  work: "intermediate values",
  upload: "the run's inputs",
};

/** The next of eight steps between powers of two, so that slowly growing lengths do not allocate each time; at most `maxBytes`. */
export function roomySize(bytes: number, maxBytes: number): number {
  const step = Math.max(256, 2 ** Math.floor(Math.log2(bytes) - 3));
  return Math.min(maxBytes, Math.ceil(bytes / step) * step);
}
