import { LongspanError } from "@longspan/core";
import { checkOptions as checkNames, shownValue } from "@longspan/core/adapter";
import { pipelineOptionNames } from "./pipeline-options.ts";

/**
 * What callers without a compiler forget, told before anything is opened.
 * @throws LongspanError `argument-invalid` with what to write instead
 */
export function checkOptions(options: unknown, pipeline: string): void {
  const written = `${pipeline}({ model, adapters: [torch()], runtime: webgpu() })`;
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new LongspanError("argument-invalid", `The model and what computes are given by name: write ${written}.`);
  checkNames(options, pipelineOptionNames, pipeline);
  const runtime: unknown = "runtime" in options ? options.runtime : undefined;
  if (typeof runtime === "object" && runtime !== null && "prepare" in runtime && typeof runtime.prepare === "function") return;
  throw new LongspanError("argument-invalid", `${problemOf(runtime)} Write ${written}, with webgpu(), ort() or referenceRuntime().`);
}

function problemOf(runtime: unknown): string {
  if (runtime === undefined) return "No runtime was given, which is what computes.";
  if (typeof runtime === "function") return `runtime is the function ${runtime.name}, which makes a runtime: call it.`;
  if (runtime instanceof Promise) return "runtime is a promise: await it.";
  return `runtime is no runtime but ${shownValue(runtime)}.`;
}
