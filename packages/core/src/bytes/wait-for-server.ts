import type { ProgressListener } from "../accounting/progress.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { TransientFailure } from "./transient-failure.ts";

export interface WaitOptions {
  /** Whom we wait for, for progress and messages. */
  readonly host: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Told after each second. */
  readonly onProgress: ProgressListener | undefined;
}

/**
 * What a server is to send, if it comes in time.
 * @throws TransientFailure when nothing comes for that long; LongspanError `aborted` at once when the signal says so; what `pending` throws
 */
export function waitForServer<Result>(pending: Promise<Result>, options: WaitOptions): Promise<Result> {
  const { host, timeout, signal } = options;
  return new Promise((resolve, reject) => {
    const ticking = reportWaiting(options);
    const end = (): void => {
      clearTimeout(timer);
      clearInterval(ticking);
      signal.removeEventListener("abort", interrupt);
    };
    const interrupt = (): void => {
      end();
      reject(new LongspanError("aborted", "Interrupted.", { cause: signal.reason }));
    };
    const timer = setTimeout(() => {
      end();
      reject(new TransientFailure(`${host} sent nothing for ${timeout / 1000} s`, { isSilence: true }));
    }, timeout);
    pending.then(resolve, reject).finally(end);
    signal.addEventListener("abort", interrupt);
    if (signal.aborted) interrupt();
  });
}

/** Waits that long. Ends early, without an error, when the signal is aborted. */
export function pause(milliseconds: number, options: Omit<WaitOptions, "timeout">): Promise<void> {
  const { signal } = options;
  return new Promise((resolve) => {
    const ticking = reportWaiting({ ...options, timeout: milliseconds });
    const finish = (): void => {
      clearTimeout(timer);
      clearInterval(ticking);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener("abort", finish);
    if (signal.aborted) finish();
  });
}

function reportWaiting({ host, timeout, onProgress }: WaitOptions): ReturnType<typeof setInterval> | undefined {
  if (onProgress === undefined) return undefined;
  const total = timeout / 1000;
  let done = 0;
  return setInterval(() => {
    done++;
    if (done < total) onProgress({ stage: "wait", item: host, done, total, unit: "seconds" });
  }, 1000);
}
