/**
 * The commands of the first lot of a plan's next run, recorded while the GPU is busy with a run of the plan: the next one begins with a submit. Commands are
 * submitted once, and hold for the bind groups that they were recorded with.
 */
export interface RecordedAhead {
  /** Those of the steps before `end`, to be submitted; undefined where there are none. They are kept no longer. */
  take(groups: readonly GPUBindGroup[], end: number): GPUCommandBuffer | undefined;
  keep(groups: readonly GPUBindGroup[], end: number, commands: GPUCommandBuffer): void;
}

export function createRecordedAhead(): RecordedAhead {
  let kept: { readonly groups: readonly GPUBindGroup[]; readonly end: number; readonly commands: GPUCommandBuffer } | undefined;
  return {
    take(groups, end) {
      const found = kept?.groups === groups && kept.end === end ? kept.commands : undefined;
      kept = undefined;
      return found;
    },
    keep(groups, end, commands) {
      kept = { groups, end, commands };
    },
  };
}
