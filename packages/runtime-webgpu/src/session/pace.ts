/**
 * How long the GPU takes for the parts of a plan's runs, learned from run to run. Where a promise of the GPU's is waited for by asking again and
 * again (Dawn in Node: a whole core for as long as any promise is open), a wait sleeps through most of the time that it took before, and only
 * then opens its promise. The first run of a plan knows nothing, and asks.
 */
export interface Pace {
  /** To be called when a part has been submitted; the same `part` takes about as long in every run. */
  submitted(part: string): SubmittedPart;
}

interface SubmittedPart {
  /** Resolves when most of the part's time should be over; at once where nothing is known of it, or it is short. */
  rest(): Promise<void>;
  /** To be called when the GPU has done it: milliseconds that it worked on it. */
  done(): number;
}

/** Of the time known, how much is slept: what is left covers runs that are faster than those before. */
const asleep = 0.85;
/** Timers are late by up to this many milliseconds; shorter rests are none. */
const timerLateness = 1.5;
/** How much a slower run weighs against those before it; a faster one counts at once, so that no wait is longer than it has to be. */
const weightOfSlower = 0.2;

export interface PaceOptions {
  /** Milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /**
   * Whether waits sleep. Not where promises of the GPU's cost nothing while they are open, as in browsers, whose timers may be much later.
   * Default: true.
   */
  readonly sleeps?: boolean;
}

export function createPace({ now = () => performance.now(), sleep = sleepFor, sleeps = true }: PaceOptions = {}): Pace {
  const known = new Map<string, number>();
  /** When what was submitted last is expected to be done, and when the last part was. */
  let [busyUntil, lastDone] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return {
    submitted(part) {
      const from = now();
      const expected = known.get(part);
      // The GPU does one part after the other.
      const starts = Math.max(from, busyUntil);
      const ends = starts + (expected ?? 0);
      busyUntil = ends;
      return {
        async rest() {
          if (expected === undefined || !sleeps) return;
          const milliseconds = starts + asleep * expected - timerLateness - now();
          if (milliseconds >= timerLateness) await sleep(milliseconds);
        },
        done() {
          const at = now();
          const took = at - Math.max(from, lastDone);
          lastDone = at;
          // What was submitted since begins earlier, or later, by as much.
          busyUntil += at - ends;
          known.set(part, expected === undefined ? took : Math.min(took, expected + weightOfSlower * (took - expected)));
          return took;
        },
      };
    },
  };
}

function sleepFor(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
