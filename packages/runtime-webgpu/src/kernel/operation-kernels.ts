import type { Attributes, DimensionBindings, GraphTensor } from "@longspan/core/graph";
import type { DeviceFacts } from "./device-facts.ts";
import type { DeviceTensor, Dispatch, Storage } from "./kernel.ts";

/** A node of the graph with the sizes of one run. */
export interface SizedNode {
  /** The name of its first output. */
  readonly name: string;
  readonly operation: string;
  readonly attributes: Attributes;
  readonly inputs: readonly DeviceTensor[];
  readonly outputs: readonly DeviceTensor[];
}

export interface PlanContext {
  readonly facts: DeviceFacts;
  /** The numbers of the graph's symbols. */
  readonly dimensions: DimensionBindings;
  /** Memory that lives as long as the node runs. `[elements]` is its shape. */
  scratch(storage: Storage, elements: number): DeviceTensor;
  /**
   * The values of an int32 or bool tensor that the host knows before the run (it follows from the run's inputs by integer arithmetic), for
   * decisions that are part of the plan's key; undefined for others.
   * Do not keep contents in uniforms: the same plan serves other contents of the same sizes. Use `derived` for that.
   */
  hostValues(tensor: DeviceTensor): GraphTensor | undefined;
  /**
   * An int32 tensor of `elements` that the host computes from a host-known tensor before each run, and uploads. The same `key` gives the
   * same tensor, computed once a run however many nodes ask for it.
   */
  derived(key: string, elements: number, from: DeviceTensor, compute: (values: GraphTensor) => Int32Array): DeviceTensor;
}

/** How an operation of the graph runs on the GPU. */
export interface OperationKernels {
  readonly operation: string;
  /** Which inputs may lie in memory as float16: weights, and what other kernels computed. Others are float32. */
  readonly float16Inputs?: readonly number[] | undefined;
  /** Which outputs the kernels can write as float16, if their last axis is a multiple of 4. */
  readonly float16Outputs?: readonly number[] | undefined;
  /** Which inputs lie in memory alike: all as float16, or none. */
  readonly alikeInputs?: readonly number[] | undefined;
  /** Which inputs may be columns of a wider tensor (`DeviceTensor.columnsOf`, `rowLayout`). */
  readonly columnInputs?: readonly number[] | undefined;
  /** Whether all outputs, of one shape, are columns of one tensor, one after the other. */
  readonly joinsOutputs?: boolean | undefined;
  /** Lists of inputs, weights of one shape that nothing else uses, which lie one after the other (`DeviceTensor.rowsOf`). */
  readonly joinedInputs?: readonly (readonly number[])[] | undefined;
  /**
   * Which inputs' values must be known to the host (`PlanContext.hostValues`): they may depend on the run's inputs, not on weights.
   */
  readonly hostInputs?: readonly number[] | undefined;
  /**
   * What the sizes in the plan's key do not say but the dispatches depend on (the number of global tokens, say), computed from the
   * host-known inputs: runs with the same sizes and the same key share a plan.
   */
  readonly planKey?: ((hostInputs: readonly GraphTensor[]) => string) | undefined;
  /**
   * The numbers of the symbols that the operation brings into the graph (`Operation.introduces`), by their names, from the host-known
   * inputs. Where an operation introduces none, it is left out.
   */
  readonly introduced?: ((attributes: Attributes, hostInputs: readonly GraphTensor[]) => ReadonlyMap<string, number>) | undefined;
  /**
   * The dispatches of a node, in order; each sees what the ones before it wrote. A node none of whose outputs has an element does not come
   * here; an input without elements may (it has 16 bytes all the same).
   * @throws LongspanError `device-limit` where the device's limits do not allow it.
   */
  plan(node: SizedNode, context: PlanContext): readonly Dispatch[];
}

/** Kernels by operation. */
export type KernelTable = ReadonlyMap<string, OperationKernels>;
