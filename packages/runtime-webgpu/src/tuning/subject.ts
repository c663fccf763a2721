import type { LiveDevice } from "../device/live-device.ts";
import type { Dispatch } from "../kernel/kernel.ts";

/** What is measured: an operation of one shape, in each way that it can be computed. */
export interface Subject<Choice> {
  /** For messages: "a linear layer". */
  readonly purpose: string;
  /** By a choice, or by rules. undefined where the device cannot run it. */
  plan(choice: Choice | undefined): SubjectPlan | undefined;
  /** Choices worth a try, those first that are likely to win most, where `best` is the best known. */
  variations(best: Choice | undefined): Iterable<Choice>;
  /** @throws LongspanError `device-limit`, `out-of-memory`, `device-lost`. */
  createMemory(live: LiveDevice): Promise<SubjectMemory>;
}

export interface SubjectPlan {
  readonly dispatches: readonly Dispatch[];
  /** By the names of tensors that are no part of the memory: what is in them. Default: zeros. */
  readonly contents?: ReadonlyMap<string, Int32Array>;
}

export interface SubjectMemory {
  /** By the names of tensors. */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  destroy(): void;
}
