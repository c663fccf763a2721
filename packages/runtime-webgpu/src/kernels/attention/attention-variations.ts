import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { upTo } from "../parts/lines.ts";
import type { AttentionShape } from "./attention-plan.ts";
import type { AttentionChoice, AttentionPart } from "./attention-tuning.ts";
import { globalTilingsOf } from "./global-tiling.ts";
import { jointTilingsOf } from "./joint-tiling.ts";
import { rowCutName, rowCutsOf } from "./row-slices.ts";
import { headTilingsOf } from "./tiling.ts";
import { maxSplits } from "./window-splits.ts";

/**
 * Choices that differ in one thing from the best that is known, those first that are likely to win most. Many come to the same as others, or as rules: who
 * tries them leaves these out.
 */
export function* attentionVariations(
  facts: DeviceFacts,
  shape: AttentionShape,
  part: AttentionPart,
  best: AttentionChoice,
): Generator<AttentionChoice> {
  const length = shape.hidden / shape.heads;
  if (part === "window") {
    const tilings = headTilingsOf(facts, { length, halves: shape.queryStorage === "float16" });
    for (const { name } of tilings) yield { window: name };
    for (const splits of upTo(maxSplits)) yield { ...best, windowSplits: splits + 1 };
    return;
  }
  const halves = shape.hiddenStorage === "float16";
  const all = halves ? jointTilingsOf(facts, shape.hidden) : [];
  const [first] = all;
  const joint = (ofFirst: boolean): readonly AttentionChoice[] =>
    all.filter((one) => (one.shape === first?.shape) === ofFirst).map(({ name }) => ({ globalForm: "reassociated", globalJoint: name }));
  // The form decides most, and what there is besides depends on it.
  yield { globalForm: "direct" };
  yield* joint(true);
  yield { globalForm: "reassociated", globalJoint: "none" };
  if (best.globalForm === "direct") {
    for (const { name } of headTilingsOf(facts, { length, halves })) yield { ...best, direct: name };
  } else {
    for (const { name } of globalTilingsOf(facts, halves)) yield { ...best, globalScores: name };
    for (const { name } of globalTilingsOf(facts, halves)) yield { ...best, globalMix: name };
    for (const cut of rowCutsOf(facts)) yield { ...best, globalRows: rowCutName(cut) };
  }
  // Matrices of other shapes than the device's first are many, and seldom faster.
  yield* joint(false);
}
