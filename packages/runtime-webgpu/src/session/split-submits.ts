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
 * A GPU is given the first so many steps by themselves, then twice as many, and so on: it begins at once, and while it does one lot the host
 * records the next, which takes it some microseconds a step, a third of what a GPU takes for one of a short run.
 */
const firstSteps = 8;

/** How runs of a plan are cut up. */
export interface RunSplit {
  /**
   * The parts of a run, in order, each as the ends (exclusive) of its submits; one part where there is little to do. What is waited for is the end
   * of a part. `speed` is what the device has been seen to do, in units of `work` a millisecond.
   */
  parts(speed: number): readonly (readonly number[])[];
  /** What the steps from `start` to before `end` are, in multiplications and additions: a device's speed is measured by it. */
  work(start: number, end: number): number;
}

export function splitRuns(steps: readonly PlannedStep[], kind: DeviceFacts["kind"]): RunSplit {
  const upTo = [0];
  for (const { dispatch } of steps)
    upTo.push((upTo.at(-1) ?? 0) + dispatch.work.floatingPointOperations + workOfOneByte * dispatch.work.bytes);
  const work = (start: number, end: number): number => (upTo[end] ?? 0) - (upTo[start] ?? 0);
  const whole = partsOf(steps.length, work, kind, Number.POSITIVE_INFINITY);
  return {
    work,
    parts(speed) {
      const largest = Math.max(workOfOneSubmit[kind], kind === "gpu" ? speed * millisecondsOfOneSubmit : 0);
      return work(0, steps.length) < largest ? whole : partsOf(steps.length, work, kind, largest);
    },
  };
}

/** Parts of no more than about the `largest` work. */
function partsOf(steps: number, work: RunSplit["work"], kind: DeviceFacts["kind"], largest: number): readonly (readonly number[])[] {
  const parts: number[][] = [];
  let submits: number[] = [];
  let partStart = 0;
  let lot = kind === "gpu" ? firstSteps : Number.POSITIVE_INFINITY;
  let lotStart = 0;
  for (let end = 1; end <= steps; end++) {
    const isPart = work(partStart, end) >= largest || end === steps;
    // What is left behind a lot is worth a submit of its own when it is half as long.
    const isLot = end - lotStart === lot && 2 * (steps - end) >= lot;
    if (!isPart && !isLot) continue;
    submits.push(end);
    lot *= 2;
    lotStart = end;
    if (!isPart) continue;
    parts.push(submits);
    submits = [];
    partStart = end;
  }
  return parts.length === 0 ? [[0]] : parts;
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
