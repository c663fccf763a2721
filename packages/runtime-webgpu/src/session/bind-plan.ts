import { required } from "../kernel/required.ts";
import { bufferUsage } from "../device/gpu-constants.ts";
import type { LiveDevice } from "../device/live-device.ts";
import { bindGroup, type CompiledKernel } from "../device/pipeline-cache.ts";
import type { Operand } from "../kernel/kernel.ts";
import { boundBytes } from "../kernel/tensor-bytes.ts";
import { alignUp } from "../plan/place-tensors.ts";
import type { GraphPlan } from "../plan/graph-plan.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { DeviceWeights } from "./load-weights.ts";
import { createRecordedAhead, type RecordedAhead } from "./recorded-ahead.ts";
import { splitRuns, type RunSplit } from "./split-submits.ts";
import { planUploads, type Uploads } from "./uploads.ts";

/** A plan with its pipelines, uniforms and bind groups: all that a run takes, found out once for all runs. */
export interface BoundPlan {
  readonly plan: GraphPlan;
  readonly split: RunSplit;
  readonly uploads: Uploads;
  readonly ahead: RecordedAhead;
  /** In the order of the plan's steps. */
  readonly compiled: readonly CompiledKernel[];
  /**
   * In the order of the plan's steps: the same as long as the pool has the same buffers. It sees to the pool having those that the plan takes.
   * @throws LongspanError `out-of-memory`, `device-lost`.
   */
  bindGroups(): Promise<readonly GPUBindGroup[]>;
  destroy(): void;
}

/**
 * Compiles what is not compiled yet and writes the uniforms of all steps into one buffer.
 * @throws LongspanError `out-of-memory`, `device-lost`; Error for a kernel that does not compile.
 */
export async function bindPlan(live: LiveDevice, plan: GraphPlan, weights: DeviceWeights, pool: BufferPool): Promise<BoundPlan> {
  const { device } = live;
  const compiled = await live.guard(Promise.all(plan.steps.map(({ dispatch }) => live.pipelines.get(dispatch.kernel))));
  const offsets: number[] = [];
  let size = 0;
  for (const { dispatch } of plan.steps) {
    offsets.push(size);
    size += alignUp(dispatch.uniforms.byteLength);
  }
  const uniforms = new Uint8Array(Math.max(256, size));
  for (const [index, { dispatch }] of plan.steps.entries()) uniforms.set(new Uint8Array(dispatch.uniforms), offsets[index]);
  const uniformBuffer = await live.createBuffer("uniforms", uniforms.byteLength, bufferUsage.uniform | bufferUsage.copyDestination);
  try {
    await live.scoped("writing uniforms", () => device.queue.writeBuffer(uniformBuffer, 0, uniforms));
  } catch (error) {
    uniformBuffer.destroy();
    throw error;
  }

  const resourceOf = (operand: Operand): GPUBufferBinding => {
    const { tensor, byteOffset = 0 } = operand;
    const name = plan.roots.get(tensor.name) ?? tensor.name;
    const size = boundBytes(operand);
    const weight = weights.buffers.get(name);
    if (weight !== undefined) return { buffer: weight, offset: byteOffset, size };
    const { buffer, offset } = placeOf(plan, pool, name);
    return { buffer, offset: offset + byteOffset, size };
  };
  const bind = (): Promise<readonly GPUBindGroup[]> =>
    live.scoped("the bindings of a plan", () =>
      plan.steps.map(({ dispatch }, index) => {
        const uniform = { buffer: uniformBuffer, offset: offsets[index] ?? 0, size: dispatch.uniforms.byteLength };
        return bindGroup(device, required(compiled[index]), [uniform, ...dispatch.operands.map(resourceOf)], dispatch.kernel.name);
      }),
    );

  let bound: { readonly generation: number; readonly groups: readonly GPUBindGroup[] } | undefined;
  return {
    plan,
    split: splitRuns(plan.steps, live.facts.kind),
    uploads: planUploads(plan),
    ahead: createRecordedAhead(),
    compiled,
    async bindGroups() {
      if (bound?.generation !== pool.generation) {
        await pool.provide({ work: plan.work.arenas, upload: plan.uploaded.arenas });
        bound = { generation: pool.generation, groups: await bind() };
      }
      return bound.groups;
    },
    destroy: () => uniformBuffer.destroy(),
  };
}

/** Where a plan's work or uploaded value lies. */
export function placeOf(plan: GraphPlan, pool: BufferPool, name: string): { readonly buffer: GPUBuffer; readonly offset: number } {
  const uploaded = plan.uploaded.placements.get(name);
  const { arena, offset } = required(uploaded ?? plan.work.placements.get(name), `memory of ${name}`);
  return { buffer: required(pool.buffers[uploaded === undefined ? "work" : "upload"][arena], `memory of ${name}`), offset };
}
