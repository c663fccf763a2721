import type { GraphDataType, GraphTensor } from "@longspan/core/graph";
import type { Dispatch } from "../kernel/kernel.ts";
import type { MemoryLayout } from "./place-tensors.ts";

/** A dispatch and the node it is a part of. */
export interface PlannedStep {
  /** The name of the node's first output. */
  readonly node: string;
  readonly dispatch: Dispatch;
}

/** What the host writes before a run. */
export interface Upload {
  /** Its name in the plan's memory. */
  readonly name: string;
  /** Its values, from those that the host knows. */
  readonly values: (known: ReadonlyMap<string, GraphTensor>) => GraphTensor;
}

export interface PlannedOutput {
  /** As the graph calls it. */
  readonly name: string;
  readonly dataType: GraphDataType;
  readonly shape: readonly number[];
  /** The memory it lies in: `host` when the host knows it, `none` when it has no elements. */
  readonly source: "host" | "none" | "parameter" | "work";
  /** The name of that memory. */
  readonly root: string;
  readonly byteLength: number;
}

/** Everything about the runs of a graph at certain sizes, as data: nothing here needs a device. */
export interface GraphPlan {
  readonly steps: readonly PlannedStep[];
  /** The name of the memory behind a tensor: of a reshape, its input's. */
  readonly roots: ReadonlyMap<string, string>;
  /** What nodes compute. */
  readonly work: MemoryLayout;
  /** What the host writes. */
  readonly uploads: readonly Upload[];
  readonly uploaded: MemoryLayout;
  readonly outputs: readonly PlannedOutput[];
  /** Where outputs are copied to be read; by their names in the graph. */
  readonly readback: MemoryLayout;
}
