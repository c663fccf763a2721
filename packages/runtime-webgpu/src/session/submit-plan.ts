import { throwIfAborted } from "@longspan/core/adapter";
import type { GraphTensor } from "@longspan/core/graph";
import type { RunOptions } from "@longspan/core/runtime";
import { mapMode } from "../device/gpu-constants.ts";
import type { LiveDevice } from "../device/live-device.ts";
import type { BoundPlan } from "./bind-plan.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { DeviceWeights } from "./load-weights.ts";
import type { Pace } from "./pace.ts";
import type { ReadbackPool } from "./readback-buffers.ts";
import { recordCopies, recordSteps } from "./record-run.ts";
import { hostMemory, outputsOf, readPieces } from "./run-outputs.ts";
import type { Speed } from "./split-submits.ts";
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
  const { plan, split } = bound;
  const total = plan.steps.length;
  const groups = await bound.bindGroups();
  throwIfAborted(options.signal);
  const parts = split.parts(speed.known);
  // Two, since two parts are under way.
  const markerSizes = parts.length === 1 ? [] : [markerBytes, markerBytes];
  const target = await request.readback.take([...plan.readback.map(({ byteLength }) => byteLength), ...markerSizes]);
  const markers = target.buffers.slice(plan.readback.length);
  const reads = target.buffers.flatMap((buffer, at) => (plan.readback[at] === undefined ? [] : [{ buffer, placed: plan.readback[at] }]));

  const underWay: PartUnderWay[] = [];
  /** Of all parts: what they asked of the GPU is answered. */
  const answered: Promise<unknown>[] = [];
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
    await Promise.all(answered);
    for (const buffer of target.buffers) buffer.unmap();
    target.giveBack();
  };
  const recorded = (record: (encoder: GPUCommandEncoder) => void): GPUCommandBuffer => {
    const encoder = live.device.createCommandEncoder();
    record(encoder);
    return encoder.finish();
  };
  const submit = (commands: GPUCommandBuffer): void => live.device.queue.submit([commands]);
  /** The ends of the first lots that are steps and nothing else: these may be recorded before there is a run. */
  const bareLots = timestamps === undefined ? (parts[0]?.slice(0, -1) ?? []) : [];
  const bareLot = (end: number, at: number): [number, GPUCommandBuffer] => [
    end,
    recorded((encoder) => recordSteps(encoder, bound, groups, bareLots[at - 1] ?? 0, end, undefined)),
  ];
  let memory: ReadonlyMap<string, ArrayBuffer> = new Map();
  try {
    throwIfAborted(options.signal);
    let start = 0;
    for (const [part, submits] of parts.entries()) {
      const end = submits.at(-1) ?? total;
      const isLast = end === total;
      const marker = isLast ? undefined : markers[part % markers.length];
      const [firstRead, ...otherReads] = isLast ? reads : [];
      const accepted = live.scoped("a run", () => {
        if (start === 0) bound.uploads.write(live.device.queue, pool, known);
        let from = start;
        for (const to of submits) {
          const ahead = bareLots.includes(to) ? bound.ahead.take(groups, to) : undefined;
          const lot = (encoder: GPUCommandEncoder): void => {
            recordSteps(encoder, bound, groups, from, to, timestamps);
            if (to < end) return;
            if (marker !== undefined) encoder.clearBuffer(marker);
            if (firstRead !== undefined) recordCopies(encoder, plan, request, firstRead);
            if (isLast) timestamps?.resolve(encoder);
          };
          submit(ahead ?? recorded(lot));
          from = to;
        }
        for (const read of otherReads) submit(recorded((encoder) => recordCopies(encoder, plan, request, read)));
        if (isLast && bareLots.length > 0) bound.ahead.keep(groups, new Map(bareLots.map(bareLot)));
      });
      const submitted = pace.submitted(`${start}-${end}`);
      const work = split.work(start, end);
      let isNoted = false;
      const note = (): void => {
        if (!isNoted) speed.note(work, submitted.done());
        isNoted = true;
      };
      // A buffer tells when what was submitted for it is done, whatever was submitted since: it need not be asked before there is an answer soon.
      const finish = async (): Promise<void> => {
        const rested = submitted.rest();
        if (isLast) memory = hostMemory(plan, options.reuse);
        await rested;
        if (marker !== undefined) {
          await live.guard(marker.mapAsync(mapMode.read));
          marker.unmap();
        } else if (firstRead === undefined) await live.guard(live.device.queue.onSubmittedWorkDone());
        else await live.guard(Promise.all(reads.map((read) => readPieces(read, memory, note))));
        note();
      };
      const asked = [accepted, finish()];
      answered.push(Promise.allSettled(asked));
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
