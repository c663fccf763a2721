import { required } from "../kernel/required.ts";
import type { GraphPlan } from "../plan/graph-plan.ts";
import { placeOf, type BoundPlan } from "./bind-plan.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { DeviceWeights } from "./load-weights.ts";
import type { OutputRead } from "./run-outputs.ts";
import type { Timestamps } from "./timestamps.ts";

/** The steps from `start` to before `end`: one pass for all, or one for each where the times of each are taken. */
export function recordSteps(
  encoder: GPUCommandEncoder,
  { plan, compiled }: BoundPlan,
  groups: readonly GPUBindGroup[],
  start: number,
  end: number,
  timestamps: Timestamps | undefined,
): void {
  let pass: GPUComputePassEncoder | undefined;
  for (let step = start; step < end; step++) {
    const { workgroups, kernel } = required(plan.steps[step], `step ${step}`).dispatch;
    pass ??= encoder.beginComputePass(timestamps === undefined ? {} : { label: kernel.name, timestampWrites: timestamps.writesOf(step) });
    pass.setPipeline(required(compiled[step]).pipeline);
    pass.setBindGroup(0, groups[step]);
    pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
    if (timestamps?.of !== "step") continue;
    pass.end();
    pass = undefined;
  }
  pass?.end();
}

/** The copies into one of the plan's readback buffers. */
export function recordCopies(
  encoder: GPUCommandEncoder,
  plan: GraphPlan,
  { pool, weights }: { readonly pool: BufferPool; readonly weights: DeviceWeights },
  { placed, buffer }: OutputRead,
): void {
  for (const { root, from, offset, byteLength } of placed.pieces) {
    const weight = weights.buffers.get(root);
    const source = weight === undefined ? placeOf(plan, pool, root) : { buffer: weight, offset: 0 };
    encoder.copyBufferToBuffer(source.buffer, source.offset + from, buffer, offset, byteLength);
  }
}
