import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { PlannedStep } from "../plan/graph-plan.ts";

/**
 * How much work goes to the GPU with one submit, in multiplications and additions, as long as nothing is known of its speed. A submit that
 * takes seconds is killed by the watchdogs of operating systems and browsers (two seconds in Windows) and cannot be aborted: this is a tenth of
 * a second on a small integrated GPU, and about two seconds on a CPU that plays a GPU, which has no watchdog.
 */
const workOfOneSubmit = { gpu: 3e10, cpu: 4e9 } as const;

/** How long a submit may take where the speed is known: each costs a fast GPU a pause, and the host a wait. */
const millisecondsOfOneSubmit = 100;

/** What moving a byte costs, in the same measure: kernels that compute little wait for memory. */
const workOfOneByte = 8;

/**
 * The first so many steps go to a GPU by themselves, so that it begins while the host records the rest: recording takes a few microseconds a
 * step, which in runs of hundreds of them makes most of a millisecond.
 */
const firstSteps = 12;

/** Of one step, in multiplications and additions. */
function workOf({ dispatch: { work } }: PlannedStep): number {
  return work.floatingPointOperations + workOfOneByte * work.bytes;
}

/**
 * Where a run's steps are cut into submits: the end (exclusive) of each part. One part where there is little to do. `speed` is what the device
 * has been seen to do, in units of `workOfSteps` a millisecond.
 */
export function submitEnds(steps: readonly PlannedStep[], kind: DeviceFacts["kind"], speed = 0): readonly number[] {
  const largest = Math.max(workOfOneSubmit[kind], kind === "gpu" ? speed * millisecondsOfOneSubmit : 0);
  const ends: number[] = [];
  let work = 0;
  for (const [index, step] of steps.entries()) {
    work += workOf(step);
    const isHeadStart = kind === "gpu" && index + 1 === firstSteps && steps.length >= 2 * firstSteps;
    if (work < largest && index < steps.length - 1 && !isHeadStart) continue;
    ends.push(index + 1);
    work = 0;
  }
  return ends;
}

/** What of a run's steps, from `start` to before `end`, a device's speed is measured by. */
export function workOfSteps(steps: readonly PlannedStep[], start: number, end: number): number {
  return steps.slice(start, end).reduce((sum, step) => sum + workOf(step), 0);
}

/** The speed at which a session's device works, from the parts of its runs. */
export interface Speed {
  /** Work a millisecond; 0 as long as nothing is known. */
  readonly known: number;
  note(work: number, milliseconds: number): void;
}

/** What small parts show of a device's speed is little, so the fastest counts; it is slowly forgotten, since devices also get slower. */
const kept = 0.95;
/** Shorter times are as long as it takes to hear of them. */
const leastMilliseconds = 1;

export function createSpeed(): Speed {
  let known = 0;
  return {
    get known() {
      return known;
    },
    note(work, milliseconds) {
      if (milliseconds >= leastMilliseconds) known = Math.max(kept * known, work / milliseconds);
    },
  };
}
