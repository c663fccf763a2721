import type { LiveDevice } from "../device/live-device.ts";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { LinearTuning } from "../kernels/linear/check-tuning.ts";
import { chooseTiling } from "../kernels/linear/linear-tuning.ts";
import { linear } from "../kernels/linear/linear.ts";
import { createProductKernels } from "../kernels/linear/product-kernel.ts";
import { attentionSubject } from "./attention-subject.ts";
import type { KeptTimes } from "./kept-times.ts";
import type { Measured } from "./kept-tuning.ts";
import { linearSubject } from "./linear-subject.ts";
import { atOnce, measureSubject, untried, type MeasureOptions } from "./measure-subject.ts";
import type { Subject, SubjectPlan } from "./subject.ts";

/** Measures a linear layer, or a part of attention whose linear layers are of the tuning. @throws as `measureSubject`. */
export function measureOn(live: LiveDevice, known: Measured, tuning: LinearTuning, options: MeasureOptions): Promise<KeptTimes<unknown>> {
  return measureSubject<unknown>(live, subjectOf(live.facts, known, tuning), known, options);
}

/** Has the device compile candidates that `measureOn` would try first of each, a few side by side, until it is over. */
export async function compileCandidates(
  live: LiveDevice,
  missing: readonly Measured[],
  tuning: LinearTuning,
  isOver: () => boolean,
): Promise<void> {
  for (const known of missing) {
    const subject = subjectOf(live.facts, known, tuning);
    const byRules = subject.plan(undefined);
    if (byRules === undefined) continue;
    const plans = untried<unknown>(subject, known.times, byRules, mostAhead).map(({ plan }) => plan);
    for (let first = 0; first < plans.length; first += atOnce) {
      if (isOver()) return;
      const kernels = plans.slice(first, first + atOnce).flatMap(({ dispatches }) => dispatches.map(({ kernel }) => kernel));
      await Promise.allSettled(kernels.map(async (kernel) => live.pipelines.get(kernel)));
    }
  }
}

/** Candidates of one of them that are compiled before any is timed. */
const mostAhead = 16;

/** Of either kind: its choices are its own. What is planned is kept: which candidates are left is found out again and again. */
function subjectOf(facts: DeviceFacts, known: Measured, tuning: LinearTuning): Subject<unknown> {
  const subject = newSubject(facts, known, tuning);
  const plans: Record<string, SubjectPlan | undefined> = {};
  return { ...subject, plan: (choice) => (plans[JSON.stringify(choice)] ??= subject.plan(choice)) };
}

function newSubject(facts: DeviceFacts, known: Measured, tuning: LinearTuning): Subject<unknown> {
  if (known.of === "linear") return linearSubject(facts, known.shape);
  return attentionSubject(facts, known.shape, known.of, linear(chooseTiling(tuning), createProductKernels()));
}
