import { LongspanError } from "@longspan/core";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import { createPipelineCache, type PipelineCache } from "./pipeline-cache.ts";

/** A device, what is known of it, and what is compiled for it. */
export interface LiveDevice {
  readonly device: GPUDevice;
  readonly facts: DeviceFacts;
  readonly pipelines: PipelineCache;
  isLost(): boolean;
  /** @throws LongspanError `device-lost` once it is. */
  check(): void;
  /** The outcome of something the device was asked for. @throws LongspanError `device-lost` when the device is lost before. */
  guard<Result>(pending: Promise<Result>): Promise<Result>;
  /**
   * Makes calls (all before the first await) and waits for the errors that WebGPU reports of them. `purpose` goes into messages:
   * "the weight x".
   * @throws LongspanError `out-of-memory`, `device-lost`; Error when WebGPU finds the calls invalid: a bug of this package.
   */
  scoped<Result>(purpose: string, calls: () => Result): Promise<Result>;
  /** A buffer with memory behind it, labelled by its purpose. @throws LongspanError `out-of-memory`, `device-lost`. */
  createBuffer(purpose: string, size: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer>;
}

/** How long to wait for word of a lost device after a call failed, in milliseconds. */
const patience = 100;

/** `remedy`: what to do when the device is lost, for the message. */
export function liveDevice(device: GPUDevice, facts: DeviceFacts, remedy: string): LiveDevice {
  let lost: LongspanError | undefined;
  const waiting = new Set<(reason: LongspanError) => void>();
  const losing = device.lost.then(({ reason, message }) => {
    lost = new LongspanError(
      "device-lost",
      `The GPU device "${facts.name}" was lost (${reason}: ${message.trim() || "no more is said"}). ${remedy}.`,
      { details: { device: facts.name, reason, message } },
    );
    for (const reject of waiting) reject(lost);
    waiting.clear();
    return undefined;
  });

  const check = (): void => {
    if (lost !== undefined) throw lost;
  };

  // Not Promise.race with device.lost: each race would stay attached to that promise for as long as the device lives.
  const guard = <Result>(pending: Promise<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (lost !== undefined) {
        pending.catch(() => undefined);
        reject(lost);
        return;
      }
      waiting.add(reject);
      pending
        .then(resolve, async (error: unknown) => {
          await Promise.race([losing, new Promise((resume) => setTimeout(resume, patience))]);
          reject(lost ?? error);
        })
        .finally(() => waiting.delete(reject));
    });

  const scoped = async <Result>(purpose: string, calls: () => Result): Promise<Result> => {
    check();
    const scopes = ["validation", "internal", "out-of-memory"] as const;
    for (const scope of scopes) device.pushErrorScope(scope);
    let result: Result;
    let problems: Promise<readonly (GPUError | null)[]>;
    try {
      result = calls();
    } finally {
      problems = Promise.all(scopes.map(() => device.popErrorScope()));
      problems.catch(() => undefined);
    }
    // The innermost scope is popped first.
    const [outOfMemory, ...others] = await guard(problems);
    check();
    if (outOfMemory !== null && outOfMemory !== undefined) throw memoryError(purpose, facts.name, outOfMemory.message);
    const invalid = others.find((problem) => problem !== null);
    if (invalid !== undefined && invalid !== null) throw new Error(`WebGPU refused ${purpose}: ${invalid.message}`);
    return result;
  };

  const createBuffer = async (purpose: string, size: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer> => {
    let buffer: GPUBuffer | undefined;
    try {
      return await scoped(`${purpose} (${size} bytes)`, () => (buffer = device.createBuffer({ label: purpose, size, usage })));
    } catch (error) {
      buffer?.destroy();
      throw error;
    }
  };

  return { device, facts, pipelines: createPipelineCache(device), isLost: () => lost !== undefined, check, guard, scoped, createBuffer };
}

function memoryError(purpose: string, device: string, message: string): LongspanError {
  return new LongspanError(
    "out-of-memory",
    `The GPU "${device}" has no memory left for ${purpose}. Use precision "float16", a shorter sequence or a smaller batch, or dispose other sessions.`,
    { details: { device, purpose, message } },
  );
}
