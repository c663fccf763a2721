import type { TuningStore } from "../device/tuning-store.ts";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { AttentionShape } from "../kernels/attention/attention-plan.ts";
import type { AttentionChoice, AttentionPart } from "../kernels/attention/attention-tuning.ts";
import { globalTilingsOf } from "../kernels/attention/global-tiling.ts";
import { jointTilingsOf } from "../kernels/attention/joint-tiling.ts";
import { rowCutName, rowCutsOf } from "../kernels/attention/row-slices.ts";
import { headTilingsOf } from "../kernels/attention/tiling.ts";
import type { LinearShape } from "../kernels/linear/check-tuning.ts";
import { tilingsOf } from "../kernels/linear/heuristic-tiling.ts";
import type { CandidateTime, KeptTimes } from "./kept-times.ts";

/** A tiling of linear layers by its name. */
export interface LinearChoice {
  readonly tiling: string;
}

/** What was measured of a linear layer, or of a part of attention, of one shape. */
export type Measured =
  | ({ readonly of: "linear"; readonly shape: LinearShape } & KeptTimes<LinearChoice>)
  | ({ readonly of: AttentionPart; readonly shape: AttentionShape } & KeptTimes<AttentionChoice>);

/** What was measured on a device: plain data. */
export interface KeptTuning {
  /** Of this form, and of kernels that were as fast: whoever changes how fast a tiling is raises it. */
  readonly version: 1;
  /** `DeviceFacts.name`. */
  readonly device: string;
  /** The names of all tilings that its features and limits allow, for the published models' heads: with others, other things have to be tried. */
  readonly candidates: readonly string[];
  readonly measured: readonly Measured[];
  /** How often in a row measuring began and came to no end: the device was lost, or the process ended. */
  readonly unfinished: number;
}

const version = 1;

/** What is kept of a device, where it is of this version, of this device and of these candidates: anything else is as if nothing were. */
export async function readKeptTuning(store: TuningStore, facts: DeviceFacts): Promise<KeptTuning> {
  const candidates = candidatesOf(facts);
  const none: KeptTuning = { version, device: facts.name, candidates, measured: [], unfinished: 0 };
  const text = await store.read(nameOf(facts, candidates));
  if (text === undefined) return none;
  try {
    const found = JSON.parse(text) as Partial<KeptTuning> | null;
    const isOurs =
      found?.version === version && found.device === facts.name && JSON.stringify(found.candidates) === JSON.stringify(candidates);
    const { measured, unfinished } = found ?? {};
    return isOurs && measured?.every(isMeasured) === true && isSize(unfinished) ? { ...none, measured, unfinished } : none;
  } catch {
    return none;
  }
}

/**
 * Adds what is known now to what is kept now: other processes measure and keep at the same time. Of what another has kept meanwhile nothing goes, but the
 * times of candidates that are among `measured`, too.
 */
export async function keepTuning(
  store: TuningStore,
  facts: DeviceFacts,
  measured: Iterable<Measured>,
  unfinished: KeptTuning["unfinished"],
): Promise<void> {
  const kept = await readKeptTuning(store, facts);
  const all = new Map(kept.measured.map((one) => [keyOf(one), one]));
  for (const one of measured) all.set(keyOf(one), withTimesOf(all.get(keyOf(one)), one));
  await store.write(nameOf(facts, kept.candidates), JSON.stringify({ ...kept, measured: [...all.values()], unfinished }));
}

function withTimesOf(older: Measured | undefined, newer: Measured): Measured {
  const times = new Map<string, CandidateTime<object>>();
  for (const one of [...(older?.times ?? []), ...newer.times]) times.set(JSON.stringify(one.choice), one);
  return { ...newer, complete: newer.complete || older?.complete === true, times: [...times.values()] } as Measured;
}

/** Tells what was measured apart. Shapes are read as they were written, in their order. */
export function keyOf({ of, shape }: Pick<Measured, "of" | "shape">): string {
  return [of, ...Object.values(shape)].join(" ");
}

function candidatesOf(facts: DeviceFacts): readonly string[] {
  const [length, hidden] = [64, 768];
  const heads = [false, true].flatMap((halves) => headTilingsOf(facts, { length, halves }));
  const named = [...tilingsOf(facts, "float16"), ...heads, ...jointTilingsOf(facts, hidden), ...globalTilingsOf(facts, true)];
  return [...new Set(named.map(({ name }) => name)), ...rowCutsOf(facts).map(rowCutName)];
}

/**
 * A name for files: one device with other features or limits has other candidates, and another name. Two that share it all the same (their names
 * differ in signs only) tell by what is inside.
 */
function nameOf({ name }: DeviceFacts, candidates: readonly string[]): string {
  return `tuning-${version}-${name.replaceAll(/[^\w.]+/g, "-")}-${sumOf(candidates.join(" "))}.json`;
}

/** FNV-1a of 32 bits, in hexadecimal digits. */
function sumOf(text: string): string {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}

/** Shapes that lack something are like no other; what choices name is looked up before it is used. */
function isMeasured({ of, shape, complete, times }: Measured): boolean {
  const isData = (value: unknown): boolean => ["string", "boolean"].includes(typeof value) || isSize(value);
  return (
    (of === "linear" || of === "window" || of === "global") &&
    Object.values(shape).every(isData) &&
    typeof complete === "boolean" &&
    times.every(
      ({ choice, milliseconds, byRules }: CandidateTime<object>) =>
        Object.values(choice).every(isData) && isTimeOrNull(milliseconds) && isTimeOrNull(byRules),
    )
  );
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTimeOrNull(value: unknown): boolean {
  return value === null || (typeof value === "number" && value > 0);
}
