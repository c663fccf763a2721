import { throwIfAborted } from "@longspan/core/adapter";
import type { LiveDevice } from "../device/live-device.ts";
import { isRefused, prepareTimedDispatches, type TimedDispatches, type TimedWork } from "../device/timed-dispatches.ts";
import { warmUp } from "../device/warm-up.ts";
import { kernelText, type Dispatch } from "../kernel/kernel.ts";
import { fastest, type CandidateTime, type KeptTimes } from "./kept-times.ts";
import type { Subject, SubjectMemory, SubjectPlan } from "./subject.ts";

export interface MeasureOptions {
  /** By `performance.now`. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
  /** Default: `prepareTimedDispatches` on the device. */
  readonly prepare?: (live: LiveDevice, work: TimedWork) => Promise<TimedDispatches>;
}

/** Candidates that are compiled side by side; then they are timed, one after the other, while nothing is compiled. */
export const atOnce = 4;
/** A time is of as many runs as take about so many milliseconds, so that the clock's steps do not matter, but of no more than `maxRuns`. */
const milliseconds = 3;
const maxRuns = 256;
/** Candidate and rules take so many turns, unless the candidate is slower by far, or slower at all where turns take long. */
const rounds = 2;
const longTurn = 20;
const hopeless = 1.5;

interface Candidate<Choice> {
  readonly choice: Choice;
  readonly plan: SubjectPlan;
}

/**
 * Measures what is not known yet of an operation until nothing is left or the deadline comes: what is known then, a candidate's time at a time. Each
 * candidate is timed by turns with what rules choose. Nothing that was begun is ended, so that a driver that compiles when a kernel is first started may
 * take the time of one such start longer.
 * @throws LongspanError `device-limit` for a tensor larger than a buffer may be; `out-of-memory`, `device-lost`, `aborted`.
 */
export async function measureSubject<Choice>(
  live: LiveDevice,
  subject: Subject<Choice>,
  known: KeptTimes<Choice>,
  { deadline, signal, prepare = prepareTimedDispatches }: MeasureOptions,
): Promise<KeptTimes<Choice>> {
  const isOver = (): boolean => {
    throwIfAborted(signal);
    return performance.now() >= deadline;
  };
  const byRules = subject.plan(undefined);
  if (known.complete || byRules === undefined || isOver()) return known;
  const times: CandidateTime<Choice>[] = [...known.times];
  const started = new Set<string>();
  let memory: SubjectMemory | undefined;
  let rules: TimedDispatches | undefined;
  let runs: number | undefined;
  const compile = ({ dispatches, contents }: SubjectPlan, { buffers }: SubjectMemory): Promise<TimedDispatches> =>
    prepare(live, { purpose: subject.purpose, dispatches, buffers, contents });
  /** Has the GPU start each kernel once, with all sizes zero; false where the time is over before all were. */
  const start = async (dispatches: readonly Dispatch[]): Promise<boolean> => {
    for (const dispatch of dispatches) {
      const text = await kernelText(dispatch.kernel);
      if (started.has(text)) continue;
      if (isOver()) return false;
      await warmUp(live, [dispatch]);
      started.add(text);
    }
    return !isOver();
  };
  try {
    for (;;) {
      const batch = untried(subject, times, byRules);
      if (batch.length === 0) return { complete: true, times };
      if (isOver()) return { complete: false, times };
      memory ??= await subject.createMemory(live);
      const compiling = Promise.allSettled([
        ...batch.map(({ plan }) => compile(plan, memory as SubjectMemory)),
        rules ?? compile(byRules, memory),
      ]);
      const compiled = await before(deadline, compiling);
      if (compiled === undefined) {
        // What is being compiled will be found compiled the next time.
        const late = memory;
        memory = undefined;
        rules = undefined;
        void compiling.then((outcomes) => destroyAll(outcomes, late));
        return { complete: false, times };
      }
      try {
        const ofRules = compiled.at(-1);
        if (ofRules?.status === "fulfilled") rules = ofRules.value;
        for (const outcome of compiled) if (outcome.status === "rejected" && !isRefused(outcome.reason)) throw outcome.reason;
        // What rules choose does not compile: whoever runs it is told.
        if (rules === undefined) return { complete: false, times };
        for (const [at, { choice, plan }] of batch.entries()) {
          const candidate = compiled[at];
          if (candidate?.status !== "fulfilled") {
            times.push({ choice, milliseconds: null, byRules: null });
            continue;
          }
          if (!(await start([...byRules.dispatches, ...plan.dispatches]))) return { complete: false, times };
          runs ??= await runsOf(rules);
          times.push({ choice, ...(await byTurns(candidate.value, rules, runs)) });
          if (isOver()) return { complete: false, times };
        }
      } finally {
        for (const [at, outcome] of compiled.entries()) if (at < batch.length && outcome.status === "fulfilled") outcome.value.destroy();
      }
    }
  } finally {
    rules?.destroy();
    memory?.destroy();
  }
}

/** The next candidates, so many at most: those that come to something else than rules and what is known. */
export function untried<Choice>(
  subject: Subject<Choice>,
  times: readonly CandidateTime<Choice>[],
  byRules: SubjectPlan,
  most: number = atOnce,
): readonly Candidate<Choice>[] {
  const known = new Set([signatureOf(byRules)]);
  for (const { choice } of times) {
    const plan = subject.plan(choice);
    if (plan !== undefined) known.add(signatureOf(plan));
  }
  const found: Candidate<Choice>[] = [];
  for (const choice of subject.variations(fastest(times))) {
    const plan = subject.plan(choice);
    if (plan === undefined) continue;
    const signature = signatureOf(plan);
    if (known.has(signature)) continue;
    known.add(signature);
    found.push({ choice, plan });
    if (found.length === most) break;
  }
  return found;
}

/** What tells dispatches apart: kernels, sizes, workgroups. */
function signatureOf({ dispatches }: SubjectPlan): string {
  return dispatches
    .map(({ kernel: { name, code }, uniforms, workgroups }) =>
      [name, typeof code === "string" ? code : "", workgroups, new Uint32Array(uniforms)].join(" "),
    )
    .join("\n");
}

/** How many runs take about as long as a time should be of. */
async function runsOf(timed: TimedDispatches): Promise<number> {
  const once = await timed.run(1);
  if (once >= milliseconds) return 1;
  // A single run is for the most part what it takes to ask and to wait.
  const more = 16;
  const each = Math.max(((await timed.run(more)) - once) / (more - 1), milliseconds / maxRuns);
  return Math.max(1, Math.min(maxRuns, Math.ceil(milliseconds / each)));
}

/** The least of each one's times, for one run: what disturbs only adds to them. */
async function byTurns(
  candidate: TimedDispatches,
  rules: TimedDispatches,
  runs: number,
): Promise<{ readonly milliseconds: number; readonly byRules: number }> {
  let [own, other] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < rounds; round++) {
    other = Math.min(other, (await rules.run(runs)) / runs);
    own = Math.min(own, (await candidate.run(runs)) / runs);
    if (own > hopeless * other || (own >= other && (own + other) * runs > 2 * longTurn)) break;
  }
  return { milliseconds: own, byRules: other };
}

/** What timers wait for at most; those that are told to wait longer end at once. */
const longestTimer = 2 ** 31 - 1;

/** What comes of a promise, or undefined when the deadline comes first. */
async function before<Result>(deadline: number, pending: Promise<Result>): Promise<Result | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.min(longestTimer, Math.max(0, deadline - performance.now())));
  });
  return Promise.race([pending, late]).finally(() => clearTimeout(timer));
}

function destroyAll(outcomes: readonly PromiseSettledResult<TimedDispatches>[], memory: SubjectMemory): void {
  for (const outcome of outcomes) if (outcome.status === "fulfilled") outcome.value.destroy();
  memory.destroy();
}
