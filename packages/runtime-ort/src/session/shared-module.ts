import { LongspanError } from "@longspan/core";
import type { OrtModule } from "./ort-module.ts";

/** What all sessions of one onnxruntime module share. */
export interface SharedModule {
  /** Runs one thing after the other: onnxruntime-web cannot do two at once. */
  queue<Result>(work: () => Promise<Result>): Promise<Result>;
  /**
   * Threads of onnxruntime-web, fixed by its first session; undefined where it chooses itself.
   * @throws LongspanError `argument-invalid` when another number was fixed before.
   */
  fixThreads(wanted: number | undefined, otherwise: number | undefined): number | undefined;
}

const modules = new WeakMap<OrtModule["InferenceSession"], SharedModule>();

export function sharedModule(module: OrtModule): SharedModule {
  const known = modules.get(module.InferenceSession);
  if (known !== undefined) return known;
  let last: Promise<unknown> = Promise.resolve();
  let isFixed = false;
  const shared: SharedModule = {
    queue(work) {
      const result = last.then(work);
      last = result.catch(() => undefined);
      return result;
    },
    fixThreads(wanted, otherwise) {
      const { wasm } = module.env;
      const chosen = wanted ?? wasm.numThreads ?? otherwise;
      if (!isFixed && chosen !== undefined) wasm.numThreads = chosen;
      if (isFixed && wanted !== undefined && wasm.numThreads !== wanted) {
        throw new LongspanError(
          "argument-invalid",
          `onnxruntime-web has run with ${wasm.numThreads ?? "its own number of"} threads since its first session; ${wanted} cannot be had any more. Give every session the same number.`,
          { details: { threads: wanted, found: wasm.numThreads } },
        );
      }
      isFixed = true;
      return wasm.numThreads;
    },
  };
  modules.set(module.InferenceSession, shared);
  return shared;
}
