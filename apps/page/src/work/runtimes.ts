import { referenceRuntime, type Runtime } from "@longspan/core/runtime";
import { ort } from "@longspan/runtime-ort";
import { findAdapters, webgpu } from "@longspan/runtime-webgpu";
import type { Precision, RuntimeChoice, RuntimeName, RuntimeOffer, RuntimeReport } from "../protocol/calls.ts";
import { pageAddress } from "./open-place.ts";

/** What this machine runs models with: a GPU that is one, else WebAssembly, else plain JavaScript. */
export async function findRuntimes(): Promise<RuntimeReport> {
  const offers = [await gpuOffer(), await wasmOffer(), reference];
  const automatic = offers.find(({ usable, obstacle }) => usable && obstacle === undefined) ?? offers.find(({ usable }) => usable);
  return { offers, automatic: automatic?.name ?? "reference", isolated: crossOriginIsolated };
}

const reference: RuntimeOffer = { name: "reference", detail: "", usable: true, obstacle: "slow" };

async function gpuOffer(): Promise<RuntimeOffer> {
  if (!("gpu" in navigator)) return { name: "webgpu", detail: "", usable: false, obstacle: "no-webgpu" };
  const [adapter] = await findAdapters();
  if (adapter === undefined) return { name: "webgpu", detail: "", usable: false, obstacle: "no-adapter" };
  // A software adapter computes on the processor, slower than WebAssembly does.
  return { name: "webgpu", detail: adapter.name, usable: true, obstacle: adapter.kind === "cpu" ? "software-gpu" : undefined };
}

async function wasmOffer(): Promise<RuntimeOffer> {
  const response = await fetch(wasmFile("mjs"), { method: "HEAD" }).catch(() => undefined);
  const usable = response?.ok === true;
  return { name: "wasm", detail: String(threads()), usable, obstacle: usable ? undefined : "no-module" };
}

/** Of onnxruntime-web's package, whose version the build writes: a browser keeps files of one version only together. */
declare const onnxruntimeVersion: string;

function wasmFile(ending: "mjs" | "wasm"): string {
  return new URL(`ort/ort-wasm-simd-threaded.${ending}?${onnxruntimeVersion}`, pageAddress()).href;
}

/** Several need memory that threads share, which a page has where it is isolated from other origins. */
function threads(): number {
  return crossOriginIsolated ? Math.max(1, Math.min(8, navigator.hardwareConcurrency)) : 1;
}

export interface ChosenRuntime {
  readonly name: RuntimeName;
  readonly precision: Precision;
  readonly runtime: Runtime;
}

/** The runtime that was asked for; what it loads, it loads when it prepares its first model. */
export async function chooseRuntime(choice: RuntimeChoice, precision: Precision): Promise<ChosenRuntime> {
  const name = choice === "automatic" ? (await findRuntimes()).automatic : choice;
  switch (name) {
    case "webgpu":
      return { name, precision, runtime: webgpu({ precision }) };
    case "wasm": {
      const module = await import("onnxruntime-web/wasm");
      module.env.wasm.wasmPaths = { mjs: wasmFile("mjs"), wasm: wasmFile("wasm") };
      return { name, precision: "float32", runtime: ort({ module, executionProviders: ["wasm"], threads: threads() }) };
    }
    default:
      return { name, precision: "float32", runtime: referenceRuntime() };
  }
}
