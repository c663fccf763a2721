import { throwIfAborted } from "@longspan/core/adapter";
import type { GraphTensor } from "@longspan/core/graph";
import type { RunOptions } from "@longspan/core/runtime";
import { mapMode } from "../device/gpu-constants.ts";
import type { LiveDevice } from "../device/live-device.ts";
import type { GraphPlan } from "../plan/graph-plan.ts";
import { placeOf, type BoundPlan } from "./bind-plan.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { DeviceWeights } from "./load-weights.ts";
import type { Pace } from "./pace.ts";
import type { ReadbackPool } from "./readback-buffers.ts";
import { copyPieces, hostMemory, outputsOf, readPieces } from "./run-outputs.ts";
import { runParts, workOfSteps, type Speed } from "./split-submits.ts";
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

/** Bytes of a buffer that tells the end of a part by being mapped. */
const markerBytes = 4;

/**
 * Gives a plan to the GPU. The next run may be submitted when this one is. Two parts at most are under way, so that a run that is aborted
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
  const parts = runParts(plan.steps, live.facts.kind, speed.known);
  // Two, since two parts are under way.
  const markerSizes = parts.length === 1 ? [] : [markerBytes, markerBytes];
  const target = await request.readback.take([...plan.readback.map(({ byteLength }) => byteLength), ...markerSizes]);
  const readback = plan.readback.flatMap((placed, index) =>
    target.buffers[index] === undefined ? [] : [{ placed, buffer: target.buffers[index] }],
  );
  const markers = target.buffers.slice(readback.length);

  let memory: ReadonlyMap<string, ArrayBuffer> = new Map();
  const underWay: PartUnderWay[] = [];
  /** Of all parts: what they asked of the GPU is answered. */
  const ends: Promise<unknown>[] = [];
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
    await Promise.all(ends);
    for (const buffer of target.buffers) buffer.unmap();
    target.giveBack();
  };
  try {
    throwIfAborted(options.signal);
    let start = 0;
    for (const [part, submits] of parts.entries()) {
      const end = submits.at(-1) ?? total;
      const isLast = end === total;
      const marker = isLast ? undefined : markers[part % markers.length];
      const accepted = live.scoped("a run", () => {
        if (start === 0) upload(live, plan, pool, known);
        let from = start;
        for (const to of submits) {
          const encoder = live.device.createCommandEncoder();
          encode(encoder, bound, groups, from, to, timestamps);
          if (to === total) timestamps?.resolve(encoder);
          if (to === end && marker !== undefined) encoder.clearBuffer(marker);
          if (to === total) for (const { placed, buffer } of readback.slice(0, 1)) copyPieces(encoder, plan, request, placed, buffer);
          live.device.queue.submit([encoder.finish()]);
          from = to;
        }
        if (isLast)
          for (const { placed, buffer } of readback.slice(1)) {
            const encoder = live.device.createCommandEncoder();
            copyPieces(encoder, plan, request, placed, buffer);
            live.device.queue.submit([encoder.finish()]);
          }
      });
      const submitted = pace.submitted(`${start}-${end}`);
      const work = workOfSteps(plan.steps, start, end);
      const arrived = once(() => speed.note(work, submitted.done()));
      // A buffer tells when what was submitted for it is done, whatever was submitted since: it need not be asked before there is an answer soon.
      const finish = async (): Promise<void> => {
        const rested = submitted.rest();
        if (isLast) memory = hostMemory(plan);
        await rested;
        if (marker !== undefined) {
          await live.guard(marker.mapAsync(mapMode.read));
          marker.unmap();
        } else if (readback.length === 0) await live.guard(live.device.queue.onSubmittedWorkDone());
        else await live.guard(Promise.all(readback.map(({ placed, buffer }) => readPieces(placed, buffer, memory, arrived))));
        arrived();
      };
      const asked = [accepted, finish()];
      ends.push(Promise.allSettled(asked));
      const done = Promise.all(asked);
      done.catch(() => undefined);
      underWay.push({ end, done });
      start = end;
      if (!isLast) await settle(1);
    }
    return {
      async outputs() {
        try {
          await settle(0);
          return outputsOf(plan, known, memory);
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

function once(act: () => void): () => void {
  let acted = false;
  return () => {
    if (!acted) act();
    acted = true;
  };
}
