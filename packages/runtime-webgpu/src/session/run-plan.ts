import { throwIfAborted } from "@longspan/core/adapter";
import type { GraphTensor } from "@longspan/core/graph";
import type { ProfiledStep, RunOptions } from "@longspan/core/runtime";
import { mapMode } from "../device/gpu-constants.ts";
import type { LiveDevice } from "../device/live-device.ts";
import type { GraphPlan, PlannedOutput } from "../plan/graph-plan.ts";
import { placeOf, type BoundPlan } from "./bind-plan.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { DeviceWeights } from "./load-weights.ts";
import { submitEnds } from "./split-submits.ts";
import type { Timestamps } from "./timestamps.ts";

export interface RunRequest {
  readonly live: LiveDevice;
  readonly bound: BoundPlan;
  readonly pool: BufferPool;
  readonly weights: DeviceWeights;
  /** What the host knows: the inputs, and what is computed of them on the host. */
  readonly known: ReadonlyMap<string, GraphTensor>;
  readonly timestamps: Timestamps | undefined;
  readonly options: RunOptions;
}

export interface RunResult {
  readonly outputs: Record<string, GraphTensor>;
  readonly steps: readonly ProfiledStep[];
}

/**
 * Runs a plan once. Nothing else may use the pool meanwhile. Two submits at most are under way, so that a run that is aborted ends soon.
 * @throws LongspanError `aborted`, `out-of-memory`, `device-lost`.
 */
export async function runPlan(request: RunRequest): Promise<RunResult> {
  const { live, bound, pool, known, timestamps, options } = request;
  const { plan } = bound;
  const total = plan.steps.length;
  await pool.provide({ work: plan.work.arenas, upload: plan.uploaded.arenas, readback: plan.readback.arenas });
  const groups = await bound.bindGroups();
  throwIfAborted(options.signal);

  const parts = submitEnds(plan.steps, live.facts.kind);
  const ends = parts.length === 0 ? [0] : parts;
  const underWay: { readonly end: number; readonly done: Promise<unknown> }[] = [];
  const settle = async (max: number): Promise<void> => {
    while (underWay.length > max) {
      const { end = 0, done } = underWay.shift() ?? {};
      await done;
      throwIfAborted(options.signal);
      const item = plan.steps[end - 1]?.node ?? plan.outputs[0]?.name ?? "";
      options.onProgress?.({ stage: "run", item, done: end, total, unit: "steps" });
    }
  };
  let mapping: Promise<readonly GPUBuffer[]> = Promise.resolve([]);
  try {
    let start = 0;
    for (const end of ends) {
      const isFirst = start === 0;
      const isLast = end === total;
      const accepted = live.scoped("a run", () => {
        if (isFirst) upload(live, plan, pool, known);
        const encoder = live.device.createCommandEncoder();
        encode(encoder, bound, groups, start, end, timestamps);
        if (isLast) {
          copyOutputs(encoder, request);
          timestamps?.resolve(encoder);
        }
        live.device.queue.submit([encoder.finish()]);
      });
      if (isLast) mapping = mapReadback(live, plan, pool);
      const finished = isLast ? mapping : live.guard(live.device.queue.onSubmittedWorkDone());
      const done = Promise.all([accepted, finished]);
      done.catch(() => undefined);
      underWay.push({ end, done });
      start = end;
      await settle(isLast ? 0 : 1);
    }
    return { outputs: readOutputs(request), steps: (await timestamps?.read()) ?? [] };
  } finally {
    for (const buffer of await mapping.catch(() => [])) buffer.unmap();
  }
}

/** Waits for the GPU to have written the outputs. */
async function mapReadback(live: LiveDevice, { readback }: GraphPlan, pool: BufferPool): Promise<readonly GPUBuffer[]> {
  const wanted = readback.arenas.flatMap((size, arena) => {
    const buffer = pool.buffers.readback[arena];
    return buffer === undefined ? [] : [{ buffer, size }];
  });
  if (wanted.length === 0) await live.guard(live.device.queue.onSubmittedWorkDone());
  await live.guard(Promise.all(wanted.map(({ buffer, size }) => buffer.mapAsync(mapMode.read, 0, size))));
  return wanted.map(({ buffer }) => buffer);
}

function upload({ device }: LiveDevice, plan: GraphPlan, pool: BufferPool, known: ReadonlyMap<string, GraphTensor>): void {
  for (const { name, values } of plan.uploads) {
    const { buffer, offset } = placeOf(plan, pool, name);
    const { dataType, data } = values(known);
    if (data.length === 0) continue;
    const words = dataType === "bool" ? Int32Array.from(data) : data;
    device.queue.writeBuffer(buffer, offset, words.buffer, words.byteOffset, words.byteLength);
  }
}

/** One pass for all steps, or one for each where their times are taken. */
function encode(
  encoder: GPUCommandEncoder,
  { plan, compiled }: BoundPlan,
  groups: readonly GPUBindGroup[],
  start: number,
  end: number,
  timestamps: Timestamps | undefined,
): void {
  let pass: GPUComputePassEncoder | undefined;
  for (let step = start; step < end; step++) {
    const [planned, kernel] = [plan.steps[step], compiled[step]];
    if (planned === undefined || kernel === undefined) throw new RangeError(`there is no step ${step}`);
    const { workgroups } = planned.dispatch;
    pass ??= encoder.beginComputePass(
      timestamps === undefined ? {} : { label: planned.dispatch.kernel.name, timestampWrites: timestamps.writesOf(step) },
    );
    pass.setPipeline(kernel.pipeline);
    pass.setBindGroup(0, groups[step]);
    pass.dispatchWorkgroups(...workgroups);
    if (timestamps === undefined) continue;
    pass.end();
    pass = undefined;
  }
  pass?.end();
}

function copyOutputs(encoder: GPUCommandEncoder, { bound: { plan }, pool, weights }: RunRequest): void {
  for (const output of plan.outputs) {
    if (output.source !== "work" && output.source !== "parameter") continue;
    const weight = weights.buffers.get(output.root);
    const source = weight === undefined ? placeOf(plan, pool, output.root) : { buffer: weight, offset: 0 };
    const target = readbackOf(output, plan, pool);
    encoder.copyBufferToBuffer(source.buffer, source.offset, target.buffer, target.offset, output.byteLength);
  }
}

function readOutputs({ bound: { plan }, pool, known }: RunRequest): Record<string, GraphTensor> {
  return Object.fromEntries(
    plan.outputs.map((output): [string, GraphTensor] => {
      const { name, dataType, shape, source, root } = output;
      if (source === "none") return [name, toTensor(dataType, shape, new ArrayBuffer(0))];
      const value = known.get(root);
      if (value !== undefined) return [name, { ...copyOf(value), shape }];
      const { buffer, offset } = readbackOf(output, plan, pool);
      return [name, toTensor(dataType, shape, buffer.getMappedRange(offset, output.byteLength).slice(0))];
    }),
  );
}

function readbackOf(
  { name }: PlannedOutput,
  { readback }: GraphPlan,
  pool: BufferPool,
): { readonly buffer: GPUBuffer; readonly offset: number } {
  const placement = readback.placements.get(name);
  const buffer = placement === undefined ? undefined : pool.buffers.readback[placement.arena];
  if (placement === undefined || buffer === undefined) throw new TypeError(`the output ${name} has no memory to be read from`);
  return { buffer, offset: placement.offset };
}

function toTensor(dataType: GraphTensor["dataType"], shape: readonly number[], words: ArrayBuffer): GraphTensor {
  if (dataType === "float32") return { dataType, shape, data: new Float32Array(words) };
  if (dataType === "int32") return { dataType, shape, data: new Int32Array(words) };
  return { dataType, shape, data: Uint8Array.from(new Int32Array(words)) };
}

function copyOf(tensor: GraphTensor): GraphTensor {
  if (tensor.dataType === "float32") return { ...tensor, data: tensor.data.slice() };
  if (tensor.dataType === "int32") return { ...tensor, data: tensor.data.slice() };
  return { ...tensor, data: tensor.data.slice() };
}
