import { LongspanError } from "@longspan/core";
import type { GraphTensor } from "@longspan/core/graph";
import { loadOnnxRuntime, nativeThreads, stopTelemetry, wasmThreads } from "#onnxruntime";
import type { OrtExecutionProvider, OrtModule, OrtSession, OrtSessionOptions, OrtTensor } from "./ort-module.ts";
import { sharedModule } from "./shared-module.ts";

/** Which onnxruntime runs, and on what. */
export interface OrtOptions {
  /** Default: `onnxruntime-node`, or else `onnxruntime-web`; in browsers the latter. Imported when the first session is prepared. */
  readonly module?: OrtModule | undefined;
  /** In the order in which they are tried for each operator. Default: `cpu` of onnxruntime-node, `wasm` of onnxruntime-web. */
  readonly executionProviders?: readonly OrtExecutionProvider[] | undefined;
  /** Default: as many as this process may use; in browsers what onnxruntime-web chooses. */
  readonly threads?: number | undefined;
}

/** Where sessions run: a module, its providers and threads. */
export interface Place {
  /** `onnxruntime-node 1.30.0, cpu, 2 threads`. */
  readonly device: string;
  /** Whether weights are given with each run, as they lie in memory, instead of being copied into the session. */
  readonly sharesMemory: boolean;
  /** Whether a session, once created, has copies of the weights it was given. */
  readonly copiesWeights: boolean;
  queue<Result>(work: () => Promise<Result>): Promise<Result>;
  tensor(tensor: GraphTensor): OrtTensor;
  create(model: Uint8Array, externalData: OrtSessionOptions["externalData"]): Promise<OrtSession>;
}

/** @throws LongspanError `module-missing`, `feature-missing`; `argument-invalid` for threads that cannot be had any more. */
export async function openPlace({ module: given, executionProviders, threads }: OrtOptions): Promise<Place> {
  const asked = executionProviders?.map(providerName) ?? [];
  const module = given ?? (await loadOnnxRuntime(asked));
  const { versions } = module.env;
  const shared = sharedModule(module);
  const isNative = versions.node !== undefined;
  if (isNative) stopTelemetry();
  const providers = executionProviders ?? [isNative ? "cpu" : "wasm"];
  const names = providers.map(providerName);
  checkProviders(module, names);
  const count = isNative ? (threads ?? nativeThreads) : shared.fixThreads(threads, wasmThreads);
  const threadText = count === undefined ? [] : [`${count} ${count === 1 ? "thread" : "threads"}`];
  const title = isNative ? `onnxruntime-node ${versions.node}` : `onnxruntime-web ${versions.web ?? versions.common}`;
  const device = [title, names.join(" + "), ...threadText].join(", ");
  const sharesMemory = isNative && names.every((name) => name === "cpu");
  return {
    device,
    sharesMemory,
    // Nobody promises it of onnxruntime-node's other providers.
    copiesWeights: !isNative,
    queue: shared.queue,
    tensor: ({ dataType, data, shape }) => new module.Tensor(dataType, data, shape),
    create: (model, externalData) =>
      module.InferenceSession.create(model, {
        executionProviders: providers,
        graphOptimizationLevel: "all",
        logSeverityLevel: 4,
        ...(count === undefined ? {} : { intraOpNumThreads: count }),
        ...(externalData === undefined ? {} : { externalData }),
        // Weights brought into a kernel's own order are a second copy of them, which saves no time worth it.
        extra: { session: { disable_prepacking: "1" } },
      }),
  };
}

/** @throws LongspanError `feature-missing`, where the module says what it has. */
function checkProviders(module: OrtModule, names: readonly string[]): void {
  const supported = module.listSupportedBackends?.().map(({ name }) => name);
  const missing = names.find((name) => supported !== undefined && !supported.includes(name));
  if (missing === undefined) return;
  throw new LongspanError(
    "feature-missing",
    `This onnxruntime-node has no execution provider "${missing}"; it has ${supported?.join(", ")}. The WebAssembly of onnxruntime-web has "wasm".`,
    { details: { executionProvider: missing, supported } },
  );
}

function providerName(provider: OrtExecutionProvider): string {
  return typeof provider === "string" ? provider : provider.name;
}
