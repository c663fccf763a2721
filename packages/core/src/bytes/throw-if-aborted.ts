import { LongspanError } from "../errors/longspan-error.ts";

/** Ends work whose signal is aborted. @throws LongspanError `aborted`, with the signal's reason as its cause. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new LongspanError("aborted", "Interrupted.", { cause: signal.reason });
}
