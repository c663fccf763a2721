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

/** A wait is over after so many beats, all of which were heard. */
const beats = 10;

/**
 * What a server is to send, if it comes in time. Time in which this process did nothing, because it computed or slept, does not count: what came
 * meanwhile has not been seen yet.
 * @throws TransientFailure when nothing comes for that long; LongspanError `aborted` at once when the signal says so; what `pending` throws
 */
export function waitForServer<Result>(pending: Promise<Result>, options: WaitOptions): Promise<Result> {
  const { host, timeout, signal } = options;
  return new Promise((resolve, reject) => {
    const ticking = reportWaiting(options);
    let left = beats;
    const end = (): void => {
      clearInterval(beating);
      clearInterval(ticking);
      signal.removeEventListener("abort", interrupt);
    };
    const interrupt = (): void => {
      end();
      reject(new LongspanError("aborted", "Interrupted.", { cause: signal.reason }));
    };
    const beating = setInterval(
      () => {
        if (--left > 0) return;
        end();
        reject(new TransientFailure(`${host} sent nothing for ${timeout / 1000} s`, { isSilence: true }));
      },
      Math.ceil(timeout / beats),
    );
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
