import type { DeviceFacts } from "../../kernel/device-facts.ts";
import type { AttentionShape, AttentionTilings, ChooseAttention } from "./attention-plan.ts";
import { globalTilingsOf } from "./global-tiling.ts";
import { jointTilingsOf } from "./joint-tiling.ts";
import { rowCutName, rowCutsOf } from "./row-slices.ts";
import { headTilingsOf } from "./tiling.ts";
import { maxSplits } from "./window-splits.ts";

/** The two parts of the operation, each with choices of its own. */
export type AttentionPart = "window" | "global";

/** What differs from what rules choose, by the names of tilings: plain data, to be kept. */
export interface AttentionChoice {
  readonly window?: string;
  readonly windowSplits?: number;
  readonly globalForm?: "reassociated" | "direct";
  readonly direct?: string;
  /** "none": as two products. */
  readonly globalJoint?: string;
  readonly globalScores?: string;
  readonly globalMix?: string;
  readonly globalRows?: string;
}

/** What was fastest for one part of a node. */
export interface AttentionTuningEntry {
  readonly part: AttentionPart;
  readonly shape: AttentionShape;
  readonly choice: AttentionChoice;
}

/** What was fastest on a device, shape by shape. */
export interface AttentionTuning {
  /** `DeviceFacts.name` of the device it was measured on; on others it says nothing. */
  readonly device: string;
  readonly entries: readonly AttentionTuningEntry[];
}

/** Rows, and slots for global tokens, that differ by more than these factors from those measured are too far for their result to say anything. */
const reach = { rows: 2, slots: 4 } as const;

/**
 * By the tuning's entries for such heads, window and storages with the nearest number of rows (and of global tokens); by rule where there is none, it was
 * made on another device, or names something that the device cannot run.
 */
export function chooseAttention({ device, entries }: AttentionTuning): ChooseAttention {
  return (facts, shape) => {
    if (device !== facts.name) return {};
    const alike = entries.filter((entry) => fixedOf(entry.shape) === fixedOf(shape));
    const nearest = (of: AttentionPart, distance: (measured: AttentionShape) => number): AttentionTilings => {
      const [entry] = alike
        .filter((one) => one.part === of && distance(one.shape) < Number.POSITIVE_INFINITY)
        .toSorted((left, right) => distance(left.shape) - distance(right.shape));
      return (entry && tilingsOfChoice(facts, shape, entry.choice)) ?? {};
    };
    const byRows = ({ batch, sequence }: AttentionShape): number => apart(batch * sequence, shape.batch * shape.sequence, reach.rows);
    const window = nearest("window", byRows);
    if (shape.slots === 0) return window;
    return { ...window, ...nearest("global", (measured) => byRows(measured) + apart(measured.slots, shape.slots, reach.slots)) };
  };
}

/** How far apart two numbers are; infinitely far beyond a factor. */
function apart(one: number, other: number, factor: number): number {
  const distance = Math.abs(Math.log(one / other));
  return distance <= Math.log(factor) ? distance : Number.POSITIVE_INFINITY;
}

/** All of a shape but the sizes of a run. */
function fixedOf(shape: AttentionShape): string {
  return JSON.stringify({ ...shape, batch: 0, sequence: 0, slots: 0 });
}

/** The tilings that a choice names; undefined where it names one that the device cannot run for the shape. */
export function tilingsOfChoice(facts: DeviceFacts, shape: AttentionShape, choice: AttentionChoice): AttentionTilings | undefined {
  const { hidden, heads, queryStorage, hiddenStorage } = shape;
  const halves = hiddenStorage === "float16";
  let known = true;
  const named = <Tiling>(
    name: string | undefined,
    all: () => readonly Tiling[],
    nameOf: (tiling: Tiling) => string,
  ): Tiling | undefined => {
    if (name === undefined) return undefined;
    const tiling = all().find((one) => nameOf(one) === name);
    if (tiling === undefined) known = false;
    return tiling;
  };
  const ownName = ({ name }: { readonly name: string }): string => name;
  const headTilings = (ofHalves: boolean) => () => headTilingsOf(facts, { length: hidden / heads, halves: ofHalves });
  const products = () => globalTilingsOf(facts, halves);
  const { windowSplits, globalForm, globalJoint } = choice;
  const tilings: AttentionTilings = {
    window: named(choice.window, headTilings(queryStorage === "float16"), ownName),
    windowSplits,
    globalForm,
    direct: named(choice.direct, headTilings(halves), ownName),
    globalJoint: globalJoint === "none" ? false : named(globalJoint, () => jointTilingsOf(facts, hidden), ownName),
    globalScores: named(choice.globalScores, products, ownName),
    globalMix: named(choice.globalMix, products, ownName),
    globalRows: named(choice.globalRows, () => rowCutsOf(facts), rowCutName),
  };
  const splitsAreSome =
    windowSplits === undefined || (Number.isSafeInteger(windowSplits) && windowSplits >= 1 && windowSplits <= maxSplits);
  const isForm = globalForm === undefined || globalForm === "reassociated" || globalForm === "direct";
  return known && splitsAreSome && isForm ? withoutNothing(tilings) : undefined;
}

/** Without what is undefined, so that one part's tilings leave the other's alone. */
function withoutNothing(tilings: AttentionTilings): AttentionTilings {
  return Object.fromEntries(Object.entries(tilings).filter(([, value]) => value !== undefined));
}
