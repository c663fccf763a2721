import { LongspanError } from "@longspan/core";

/** The calls of a pipeline, which all end before what they use is freed. */
export interface CallsUnderWay {
  /** Begins a call. @returns what ends it. @throws LongspanError `closed` after `dispose`. */
  begin(): () => void;
  /** Lets no further call begin, and frees when the last one has ended. Once: later calls wait for the same. */
  dispose(): Promise<void>;
}

export function callsUnderWay(model: string, free: () => Promise<void>): CallsUnderWay {
  const calls = new Set<Promise<void>>();
  let disposed: Promise<void> | undefined;
  return {
    begin() {
      if (disposed !== undefined) {
        throw new LongspanError("closed", `The pipeline of ${model} is disposed; make it again.`, { details: { model } });
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      calls.add(promise);
      return () => {
        calls.delete(promise);
        resolve();
      };
    },
    dispose: () => (disposed ??= Promise.all(calls).then(free)),
  };
}
