import { type DataType, LongspanError } from "@longspan/core";
import type { Runtime, RuntimeCapabilities, Session } from "@longspan/core/runtime";
import { tuningStore } from "#tuning-store";
import type { DeviceOptions } from "./device/device-options.ts";
import { sharedDevice, type SharedDevice } from "./device/shared-device.ts";
import { checkTuning, type LinearTuning } from "./kernels/linear/check-tuning.ts";
import { operationNames } from "./plan/operation-names.ts";

/** What `webgpu` takes: how weights are kept, and the device. */
export interface WebGpuOptions extends DeviceOptions {
  /**
   * How numbers lie in GPU memory when `prepare` is not told. `float16` halves what weights take and, on GPUs, what kernels pass on to each other;
   * sums, softmax, normalizations and outputs are in float32 all the same. It needs no feature of the GPU; where there are matrix units, linear
   * layers run on them. Default: `float32`.
   */
  readonly precision?: "float32" | "float16" | undefined;
  /**
   * How linear layers are cut up for the device. `measured`: the first time that a model's layers meet a device, `prepare` measures what is
   * fastest, for half a second at most, and keeps it by device and driver (Node: the user's cache folder; browsers: the Cache API). `rules`:
   * by the device's facts, nothing is measured or kept. Or what `tuneLinear` gave. Default: `measured`; on software adapters `rules`.
   */
  readonly tuning?: LinearTuning | "measured" | "rules" | undefined;
}

/** The runtime of `webgpu()`. */
export interface WebGpuRuntime extends Runtime {
  /**
   * Disposes the sessions that still stand, and with the last of them the device, if it is ours. Sessions that are being prepared meanwhile are
   * not given out: `closed`.
   */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Runs graphs on a GPU, through WebGPU: in browsers, and in Node with the package `webgpu` (Dawn).
 *
 * Nothing is opened before the first `prepare`. The sessions of one runtime share its device, which is destroyed with the last of them; a
 * device that was passed is never destroyed, and the one device that a passed adapter gives stands until the runtime is disposed. A device that
 * was lost (`device-lost` from runs under way and later ones) is replaced when the next session is prepared, unless the caller's own device or
 * adapter was passed.
 *
 * `prepare` throws what core's contract says, and LongspanError `module-missing` (Node without the package `webgpu`), `device-missing` (no
 * GPU), `feature-missing` (one asked for by name, or `profile` without timestamps), `device-limit` (a tensor too large for the device,
 * named), `out-of-memory`, `device-lost`, `value-overflow` (a weight that float16 cannot hold). Runs
 * throw `value-overflow` where values between layers leave float16, naming the outputs.
 *
 *     const session = await webgpu().prepare(graph, weights);
 */
export function webgpu(options: WebGpuOptions = {}): WebGpuRuntime {
  return runtimeOn(sharedDevice(options), options);
}

/** The same on a device that is lent by other means. */
export function runtimeOn(shared: SharedDevice, { precision = "float32", tuning = "measured" }: WebGpuOptions): WebGpuRuntime {
  if (precision !== "float32" && precision !== "float16")
    throw new LongspanError("argument-invalid", `There is no precision "${String(precision)}": it is float32 or float16.`);
  const name = "webgpu";
  if (typeof tuning === "string" && tuning !== "measured" && tuning !== "rules")
    throw new LongspanError("argument-invalid", `There is no tuning "${String(tuning)}": it is measured, rules, or what tuneLinear gave.`);
  if (typeof tuning !== "string") checkTuning(tuning);
  const store = tuningStore();
  const dataTypes: readonly DataType[] = precision === "float16" ? ["float16", "float32"] : ["float32", "float16"];
  const capabilities: RuntimeCapabilities = {
    operations: operationNames,
    dataTypes,
    attentionWeights: true,
  };
  const sessions = new Set<Session>();
  let disposed = false;
  const check = (): void => {
    if (disposed) throw new LongspanError("closed", "The webgpu runtime is disposed; make another one.");
  };

  const dispose = async (): Promise<void> => {
    disposed = true;
    await Promise.all([...sessions].map((session) => session.dispose()));
    shared.close();
  };
  return {
    specificationVersion: 1,
    name,
    capabilities,
    async prepare(graph, weights, prepareOptions = {}) {
      check();
      // The kernels, and all that plans and runs them, are of no use before there is a model.
      const { openSession } = await import("./session/open-session.ts");
      const session = await openSession(shared, {
        runtime: { name, capabilities },
        graph,
        weights,
        tuning,
        store,
        options: prepareOptions,
        disposed: (ended) => sessions.delete(ended),
      });
      sessions.add(session);
      if (disposed) await session.dispose();
      check();
      return session;
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
