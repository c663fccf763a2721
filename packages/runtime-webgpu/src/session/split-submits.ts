import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { PlannedStep } from "../plan/graph-plan.ts";

/**
 * How much work goes to the GPU with one submit, in multiplications and additions. A submit that takes seconds is killed by the watchdogs of
 * operating systems and browsers (two seconds in Windows) and cannot be aborted: this is a tenth of a second on a small integrated GPU, and
 * about two seconds on a CPU that plays a GPU, which has no watchdog. On a fast GPU the next part is queued before one ends.
 */
const workOfOneSubmit = { gpu: 3e10, cpu: 4e9 } as const;

/** What moving a byte costs, in the same measure: kernels that compute little wait for memory. */
const workOfOneByte = 8;

/**
 * The first so many steps go to a GPU by themselves, so that it begins while the host records the rest: recording takes a few microseconds a
 * step, which in runs of hundreds of them makes most of a millisecond.
 */
const firstSteps = 12;

/** Where a run's steps are cut into submits: the end (exclusive) of each part. One part where there is little to do. */
export function submitEnds(steps: readonly PlannedStep[], kind: DeviceFacts["kind"]): readonly number[] {
  const ends: number[] = [];
  let work = 0;
  for (const [index, { dispatch }] of steps.entries()) {
    work += dispatch.work.floatingPointOperations + workOfOneByte * dispatch.work.bytes;
    const isHeadStart = kind === "gpu" && index + 1 === firstSteps && steps.length >= 2 * firstSteps;
    if (work < workOfOneSubmit[kind] && index < steps.length - 1 && !isHeadStart) continue;
    ends.push(index + 1);
    work = 0;
  }
  return ends;
}
