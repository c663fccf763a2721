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
  readonly dataType: GraphDataType;
  /** Of its memory: 4 an element, of which there are as many in every run. */
  readonly byteLength: number;
  /** Its elements, from what the host knows. */
  readonly values: (known: ReadonlyMap<string, GraphTensor>) => GraphTensor["data"];
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

/** Bytes of an output that go through one buffer to the host. */
export interface ReadbackPiece {
  /** The output's name, and that of the memory it lies in. */
  readonly output: string;
  readonly root: string;
  /** Where they begin in the output. */
  readonly from: number;
  /** Where they begin in the buffer: a multiple of 256. */
  readonly offset: number;
  readonly byteLength: number;
}

/** A buffer that the host reads. */
export interface ReadbackBuffer {
  readonly byteLength: number;
  readonly pieces: readonly ReadbackPiece[];
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
  /** Where outputs are copied to be read. */
  readonly readback: readonly ReadbackBuffer[];
}
