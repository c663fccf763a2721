import type { LiveDevice } from "../device/live-device.ts";
import { linearKernels } from "../kernels/linear/index.ts";
import type { LinearTuning } from "../kernels/linear/check-tuning.ts";
import { chooseTiling } from "../kernels/linear/linear-tuning.ts";
import { attentionSubject } from "./attention-subject.ts";
import type { KeptTimes } from "./kept-times.ts";
import { linearSubject } from "./linear-subject.ts";
import { measureSubject, type MeasureOptions } from "./measure-subject.ts";
import type { Measured } from "./kept-tuning.ts";

/** Measures a linear layer, or a part of attention whose linear layers are of the tuning. @throws as `measureSubject`. */
export function measureOn(live: LiveDevice, known: Measured, tuning: LinearTuning, options: MeasureOptions): Promise<KeptTimes<unknown>> {
  const { facts } = live;
  if (known.of === "linear") return measureSubject(live, linearSubject(facts, known.shape), known, options);
  const linear = linearKernels(chooseTiling(tuning)).find(({ operation }) => operation === "linear");
  if (linear === undefined) throw new TypeError("there are no kernels of linear layers");
  return measureSubject(live, attentionSubject(facts, known.shape, known.of, linear), known, options);
}
