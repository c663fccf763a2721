import { LongspanError } from "@longspan/core";
import { throwIfAborted } from "@longspan/core/adapter";
import type { GraphTensor } from "@longspan/core/graph";
import type { RunOptions } from "@longspan/core/runtime";
import { mapMode } from "../device/gpu-constants.ts";
import type { LiveDevice } from "../device/live-device.ts";
import type { GraphPlan, PlannedOutput } from "../plan/graph-plan.ts";
import { placeOf, type BoundPlan } from "./bind-plan.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { DeviceWeights } from "./load-weights.ts";
import type { Pace } from "./pace.ts";
import type { ReadbackPool } from "./readback-buffers.ts";
import { submitEnds, workOfSteps, type Speed } from "./split-submits.ts";
import type { RunTimes, Timestamps } from "./timestamps.ts";

export interface RunRequest {
  readonly live: LiveDevice;
  readonly bound: BoundPlan;
  readonly pool: BufferPool;
  readonly readback: ReadbackPool;
  readonly weights: DeviceWeights;
  /** What the host knows: the inputs, and what is computed of them on the host. */
  readonly known: ReadonlyMap<string, GraphTensor>;
  /** Of this plan's runs. */
  readonly pace: Pace;
  /** Of the session's device. */
  readonly speed: Speed;
  readonly timestamps: Timestamps | undefined;
  readonly options: RunOptions;
}

/** A run that the GPU has been given all of. */
export interface SubmittedRun {
  /** Waits for it and reads what came out; to be called once. @throws LongspanError `aborted`, `out-of-memory`, `device-lost`. */
  outputs(): Promise<Record<string, GraphTensor>>;
  /** What the device took, once the outputs are there; nothing without timestamps. */
  times(): Promise<RunTimes>;
}

interface PartUnderWay {
  /** The step behind its last. */
  readonly end: number;
  readonly done: Promise<unknown>;
}

/**
 * Gives a plan to the GPU. The next run may be submitted when this one is. Two submits at most are under way, so that a run that is aborted
 * ends soon.
 * @throws LongspanError `aborted`, `out-of-memory`, `device-lost`.
 */
export async function submitPlan(request: RunRequest): Promise<SubmittedRun> {
  const { live, bound, pool, known, pace, speed, timestamps, options } = request;
  const { plan } = bound;
  const total = plan.steps.length;
  await pool.provide({ work: plan.work.arenas, upload: plan.uploaded.arenas });
  const groups = await bound.bindGroups();
  throwIfAborted(options.signal);
  const target = await request.readback.take(plan.readback.arenas);

  const underWay: PartUnderWay[] = [];
  const settle = async (max: number): Promise<void> => {
    while (underWay.length > max) {
      const { end = 0, done } = underWay.shift() ?? {};
      await done;
      throwIfAborted(options.signal);
      const item = plan.steps[end - 1]?.node ?? plan.outputs[0]?.name ?? "";
      options.onProgress?.({ stage: "run", item, done: end, total, unit: "steps" });
    }
  };
  /** The buffers may be used again when the GPU is done with them. */
  const leave = async (): Promise<void> => {
    await Promise.allSettled(underWay.map(({ done }) => done));
    for (const buffer of target.buffers) buffer.unmap();
    target.giveBack();
  };
  try {
    throwIfAborted(options.signal);
    const parts = submitEnds(plan.steps, live.facts.kind, speed.known);
    let start = 0;
    for (const end of parts.length === 0 ? [0] : parts) {
      const [isFirst, isLast] = [start === 0, end === total];
      const accepted = live.scoped("a run", () => {
        if (isFirst) upload(live, plan, pool, known);
        const encoder = live.device.createCommandEncoder();
        encode(encoder, bound, groups, start, end, timestamps);
        if (isLast) {
          copyOutputs(encoder, request, target.buffers);
          timestamps?.resolve(encoder);
        }
        live.device.queue.submit([encoder.finish()]);
      });
      const submitted = pace.submitted(`${start}-${end}`);
      const work = workOfSteps(plan.steps, start, end);
      // Asked for now, since it tells of all that is submitted when it is asked for. The last part's end is told by its buffers, so there is time.
      const passed = isLast ? undefined : live.guard(live.device.queue.onSubmittedWorkDone());
      const finish = async (): Promise<void> => {
        if (isLast) {
          await submitted.rest();
          await live.guard(mapReadback(plan, target.buffers, live));
        } else await passed;
        speed.note(work, submitted.done());
      };
      const done = Promise.all([accepted, finish()]);
      done.catch(() => undefined);
      underWay.push({ end, done });
      start = end;
      if (!isLast) await settle(1);
    }
    const memory = hostMemory(plan);
    return {
      async outputs() {
        try {
          await settle(0);
          return readOutputs(request, target.buffers, memory);
        } finally {
          await leave();
        }
      },
      times: async () => (await timestamps?.read()) ?? { steps: [] },
    };
  } catch (error) {
    void leave();
    throw error;
  }
}

/** Waits for the GPU to have written the outputs. */
async function mapReadback({ readback }: GraphPlan, buffers: readonly GPUBuffer[], { device }: LiveDevice): Promise<void> {
  if (buffers.length === 0) await device.queue.onSubmittedWorkDone();
  else await Promise.all(buffers.map((buffer, arena) => buffer.mapAsync(mapMode.read, 0, readback.arenas[arena])));
}

const pageBytes = 4096;

/**
 * Memory for the outputs, by their names, every page of which has been written to: new memory costs more to touch than to copy into (a
 * gigabyte a second on some systems), and while the GPU computes the host has nothing else to do.
 * @throws LongspanError `out-of-memory`.
 */
function hostMemory({ outputs }: GraphPlan): ReadonlyMap<string, ArrayBuffer> {
  return new Map(
    outputs
      .filter(({ source }) => source === "work" || source === "parameter")
      .map(({ name, byteLength }) => {
        const bytes = bytesFor(name, byteLength);
        for (let at = 0; at < byteLength; at += pageBytes) bytes[at] = 1;
        return [name, bytes.buffer];
      }),
  );
}

function bytesFor(output: string, byteLength: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(byteLength);
  } catch (cause) {
    throw new LongspanError(
      "out-of-memory",
      `The host has no memory for the output ${output} (${byteLength} bytes). Use a shorter sequence or a smaller batch, or ask for fewer outputs.`,
      { details: { purpose: output, byteLength }, cause },
    );
  }
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

/** One pass for all steps, or one for each where the times of each are taken. */
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
    if (timestamps?.of !== "step") continue;
    pass.end();
    pass = undefined;
  }
  pass?.end();
}

function copyOutputs(encoder: GPUCommandEncoder, { bound: { plan }, pool, weights }: RunRequest, readback: readonly GPUBuffer[]): void {
  for (const output of plan.outputs) {
    if (output.source !== "work" && output.source !== "parameter") continue;
    const weight = weights.buffers.get(output.root);
    const source = weight === undefined ? placeOf(plan, pool, output.root) : { buffer: weight, offset: 0 };
    const target = readbackOf(output, plan, readback);
    encoder.copyBufferToBuffer(source.buffer, source.offset, target.buffer, target.offset, output.byteLength);
  }
}

function readOutputs(
  { bound: { plan }, known }: RunRequest,
  readback: readonly GPUBuffer[],
  memory: ReadonlyMap<string, ArrayBuffer>,
): Record<string, GraphTensor> {
  return Object.fromEntries(
    plan.outputs.map((output): [string, GraphTensor] => {
      const { name, dataType, shape, source, root, byteLength } = output;
      if (source === "none") return [name, toTensor(dataType, shape, new ArrayBuffer(0))];
      const value = known.get(root);
      if (value !== undefined) return [name, { ...copyOf(value), shape }];
      const { buffer, offset } = readbackOf(output, plan, readback);
      const words = memory.get(name) ?? new ArrayBuffer(byteLength);
      new Uint8Array(words).set(new Uint8Array(buffer.getMappedRange(offset, byteLength)));
      return [name, toTensor(dataType, shape, words)];
    }),
  );
}

function readbackOf(
  { name }: PlannedOutput,
  { readback }: GraphPlan,
  buffers: readonly GPUBuffer[],
): { readonly buffer: GPUBuffer; readonly offset: number } {
  const placement = readback.placements.get(name);
  const buffer = placement === undefined ? undefined : buffers[placement.arena];
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
