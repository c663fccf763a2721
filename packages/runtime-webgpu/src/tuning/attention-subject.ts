import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import type { AttentionShape } from "../kernels/attention/attention-plan.ts";
import { tilingsOfChoice, type AttentionChoice, type AttentionPart } from "../kernels/attention/attention-tuning.ts";
import { attentionVariations } from "../kernels/attention/attention-variations.ts";
import { createAttentionMemory, isOfWindow, planTimedAttention, timedAttentionOf } from "../kernels/attention/timed-attention.ts";
import { withinLimits } from "./linear-subject.ts";
import type { Subject } from "./subject.ts";

/** The window, or what global tokens attend to, of one shape. `linear` are the kernels of the operation `linear`. */
export function attentionSubject(
  facts: DeviceFacts,
  shape: AttentionShape,
  part: AttentionPart,
  linear: OperationKernels,
): Subject<AttentionChoice> {
  const attention = timedAttentionOf(shape);
  return {
    purpose: part === "window" ? "the window of attention" : "attention of global tokens",
    plan(choice = {}) {
      const tilings = tilingsOfChoice(facts, shape, choice);
      if (tilings === undefined) return undefined;
      return withinLimits(() => {
        const { dispatches, contents } = planTimedAttention(facts, attention, { linear, tilings });
        return { dispatches: dispatches.filter(({ kernel }) => isOfWindow(kernel.name) === (part === "window")), contents };
      });
    },
    variations: (best = {}) => attentionVariations(facts, shape, part, best),
    createMemory: (live) => createAttentionMemory(live, attention),
  };
}
