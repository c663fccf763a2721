import { type DataType, LongspanError } from "@longspan/core";
import { chosenDataType, fitGraph, type Runtime, type RuntimeCapabilities, type Session } from "@longspan/core/runtime";
import { tuningStore } from "#tuning-store";
import type { DeviceOptions } from "./device/device-options.ts";
import { featureMissing } from "./device/open-device.ts";
import { sharedDevice, type SharedDevice } from "./device/shared-device.ts";
import { fusedOperations } from "./fusion/index.ts";
import { kernelTable } from "./kernels/index.ts";
import type { LinearTuning } from "./kernels/linear/index.ts";
import { chooseTiling } from "./kernels/linear/linear-tuning.ts";
import { aliasOperation, hostOperations } from "./plan/split-graph.ts";
import { prepareSession } from "./session/prepare-session.ts";
import { tunedKernels } from "./session/tuned-kernels.ts";

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
  /** Disposes the sessions that still stand, and with the last of them the device, if it is ours. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Runs graphs on a GPU, through WebGPU: in browsers, and in Node with the package `webgpu` (Dawn).
 *
 * Nothing is opened before the first `prepare`. The sessions of one runtime share its device, which is destroyed with the last of them; a
 * device that was passed is never destroyed. A device that was lost (`device-lost` from runs under way and later ones) is replaced when
 * the next session is prepared.
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
  const kernels = kernelTable(chooseTiling(typeof tuning === "string" ? undefined : tuning));
  const store = tuningStore();
  const fused = new Set(fusedOperations.map((operation) => operation.name));
  const dataTypes: readonly DataType[] = precision === "float16" ? ["float16", "float32"] : ["float32", "float16"];
  const capabilities: RuntimeCapabilities = {
    operations: [...new Set([...hostOperations, aliasOperation, ...kernels.keys()])].filter((operation) => !fused.has(operation)),
    dataTypes,
    attentionWeights: true,
  };
  const sessions = new Set<Session>();
  let disposed = false;

  const dispose = async (): Promise<void> => {
    disposed = true;
    await Promise.all([...sessions].map((session) => session.dispose()));
  };
  return {
    specificationVersion: 1,
    name,
    capabilities,
    async prepare(graph, weights, prepareOptions = {}) {
      if (disposed) throw new LongspanError("closed", "The webgpu runtime is disposed; make another one.");
      const fitted = fitGraph(graph, { name, capabilities });
      const storage = chosenDataType({ name, capabilities }, prepareOptions) === "float16" ? "float16" : "float32";
      const loan = await shared.borrow();
      try {
        const { facts } = loan.live;
        if ((prepareOptions.profile ?? false) !== false && !facts.timestamps)
          throw featureMissing(["timestamp-query"], `device "${facts.name}"`, "Prepare the session without `profile`");
        const measures = tuning === "measured" && facts.kind === "gpu";
        const { signal } = prepareOptions;
        const session = await prepareSession(loan, {
          graph,
          fitted,
          weights,
          kernels: measures ? await tunedKernels(loan.live, fitted, storage, store, { signal }) : kernels,
          storage,
          options: prepareOptions,
          disposed: () => sessions.delete(session),
        });
        sessions.add(session);
        if (disposed) await session.dispose();
        return session;
      } catch (error) {
        loan.giveBack();
        throw error;
      }
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
