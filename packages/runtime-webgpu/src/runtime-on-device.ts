import { type DataType, LongspanError } from "@longspan/core";
import type { RuntimeCapabilities, Session } from "@longspan/core/runtime";
import { tuningStore } from "#tuning-store";
import type { SharedDevice } from "./device/shared-device.ts";
import { checkTuning } from "./kernels/linear/check-tuning.ts";
import { operationNames } from "./plan/operation-names.ts";
import type { WebGpuOptions, WebGpuRuntime } from "./webgpu-options.ts";

/** What `webgpu()` gives, on a device that is lent by any means. */
export function runtimeOnDevice(shared: SharedDevice, { precision = "float32", tuning = "measured" }: WebGpuOptions): WebGpuRuntime {
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
