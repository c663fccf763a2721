/**
 * The commands of a plan's next run, as far as they are the same in every run, recorded while the GPU is busy with a run of the plan: the next one begins with
 * submits. Commands are submitted once, and hold for the bind groups that they were recorded with.
 */
export interface RecordedAhead {
  /** Those of the lot that ends before the step `end`, to be submitted; undefined where there are none. They are kept no longer. */
  take(groups: readonly GPUBindGroup[], end: number): GPUCommandBuffer | undefined;
  /** Lots by their ends, in the place of those kept before. */
  keep(groups: readonly GPUBindGroup[], lots: Map<number, GPUCommandBuffer>): void;
}

export function createRecordedAhead(): RecordedAhead {
  let kept: { readonly groups: readonly GPUBindGroup[]; readonly lots: Map<number, GPUCommandBuffer> } | undefined;
  return {
    take(groups, end) {
      if (kept?.groups !== groups) kept = undefined;
      const commands = kept?.lots.get(end);
      kept?.lots.delete(end);
      return commands;
    },
    keep(groups, lots) {
      kept = { groups, lots };
    },
  };
}
