import type { GraphTensor } from "@longspan/core/graph";

/** What a session gives for a run. */
export type SessionOutputs = Readonly<Record<string, GraphTensor>>;

/** Outputs of the batch before, which nobody needs any more. */
export interface SpentOutputs {
  /** For `reuse` of the next run. */
  readonly memory: SessionOutputs | undefined;
  /** That run gave these, and they are not needed any more either. */
  add(outputs: SessionOutputs): void;
}

/** A runtime that leaves what would have fitted takes no memory: nothing is kept for it any longer than it is needed. */
export function spentOutputs(): SpentOutputs {
  let memory: SessionOutputs | undefined;
  let isTaken = true;
  return {
    get memory() {
      return memory;
    },
    add(outputs) {
      // What was taken is empty.
      if (Object.entries(outputs).some(([name, { data }]) => data.length > 0 && memory?.[name]?.data.length === data.length))
        isTaken = false;
      memory = isTaken ? outputs : undefined;
    },
  };
}
