import { LongspanError } from "@longspan/core";
import type { LiveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import type { LinearShape, LinearTuning, LinearTuningEntry } from "../kernels/linear/index.ts";
import { heuristicTiling, tilingsFor, tilingsOf } from "../kernels/linear/heuristic-tiling.ts";
import type { Tiling } from "../kernels/linear/tiling.ts";

/** What a session is prepared for may be held up by measuring for so long, in milliseconds. */
const budget = 500;
/** Each tiling twice, for a millisecond or two: what is better by less than `least` is not told apart. */
const quick = { rounds: 2, milliseconds: 1.5 } as const;
/** How much faster than the rules' choice a tiling has to be to be taken. */
const least = 1.03;

export interface MeasuredTuningOptions {
  readonly signal?: AbortSignal | undefined;
  /** Measures one shape. Default: `measureTilings` on the device. */
  readonly measure?: (shape: LinearShape, tilings: readonly Tiling[], deadline: number) => Promise<LinearTuningEntry | undefined>;
}

/**
 * The tuning of a device for these linear layers: what was kept of earlier measurements, and what is missing measured within half a second and
 * kept, by device, driver and the tilings that its features and limits allow. Shapes for which the time or the device's memory is not enough are
 * measured the next time; until then rules choose.
 * @throws LongspanError `aborted`, `device-lost`.
 */
export async function measuredTuning(
  live: LiveDevice,
  store: TuningStore,
  shapes: readonly LinearShape[],
  { signal, measure }: MeasuredTuningOptions = {},
): Promise<LinearTuning> {
  const { facts } = live;
  const candidates = tilingsOf(facts, "float16").map((tiling) => tiling.name);
  const name = tuningName(facts.name, candidates);
  const kept = readTuning(await store.read(name), facts.name, candidates);
  const entries = new Map(kept.entries.map((entry) => [keyOf(entry), entry]));
  const missing = shapes.filter((shape) => !entries.has(keyOf(shape)));
  if (missing.length === 0) return kept;
  const measureShape = measure ?? (await measureOn(live, signal));
  const deadline = performance.now() + budget;
  for (const shape of missing) {
    const product = { ...shape, stack: 1, rightLayout: "columns" } as const;
    const byRule = heuristicTiling(facts, product, shape.weightStorage);
    // Lanes are for processors, and split sums for a few rows: neither is near the others for many.
    const tilings = tilingsFor(facts, shape, shape.weightStorage).filter(({ kind }) => kind === byRule.kind);
    const entry = await measureShape(shape, tilings, deadline).catch(nothingWithoutMemory);
    if (entry === undefined && performance.now() >= deadline) break;
    if (entry === undefined) continue;
    const [best = 0, ruled = 0] = [entry.gigaflops[entry.tiling], entry.gigaflops[byRule.name]];
    entries.set(keyOf(shape), best < ruled * least ? { ...entry, tiling: byRule.name } : entry);
  }
  const tuning: LinearTuning = { version: 1, device: facts.name, entries: [...entries.values()] };
  if (entries.size > kept.entries.length) await store.write(name, JSON.stringify({ ...tuning, candidates }));
  return tuning;
}

/** Loaded where something is measured: most sessions find what was kept. */
async function measureOn(live: LiveDevice, signal: AbortSignal | undefined): Promise<NonNullable<MeasuredTuningOptions["measure"]>> {
  const { measureTilings } = await import("../kernels/linear/measure-tilings.ts");
  return (shape, tilings, deadline) => live.guard(measureTilings(live, shape, tilings, { ...quick, deadline, signal }));
}

/** What there is no memory to measure for may have enough to run: weights are loaded once, and these are others' by then. */
function nothingWithoutMemory(error: unknown): undefined {
  if (!LongspanError.isInstance(error) || (error.code !== "out-of-memory" && error.code !== "device-limit")) throw error;
}

/** What was kept, where it is of this version, of this device and of these candidates: anything else is as if nothing were. */
function readTuning(text: string | undefined, device: string, candidates: readonly string[]): LinearTuning {
  const none: LinearTuning = { version: 1, device, entries: [] };
  if (text === undefined) return none;
  try {
    const found = JSON.parse(text) as (Partial<LinearTuning> & { readonly candidates?: unknown }) | null;
    const isOurs = found?.version === 1 && found.device === device && JSON.stringify(found.candidates) === JSON.stringify(candidates);
    return isOurs && Array.isArray(found.entries) && found.entries.every(isEntry) ? { ...none, entries: found.entries } : none;
  } catch {
    return none;
  }
}

function isEntry(entry: Partial<LinearTuningEntry> | null): boolean {
  const sizes = [entry?.rows, entry?.columns, entry?.inner];
  return sizes.every((size) => Number.isSafeInteger(size)) && typeof entry?.tiling === "string";
}

function keyOf({ rows, columns, inner, weightStorage, activationStorage = "float32" }: LinearShape): string {
  return [rows, columns, inner, weightStorage, activationStorage].join(" ");
}

/**
 * A name for files: one device with other features or limits has other candidates, and another name. Two that share it all the same (their names
 * differ in signs only) tell by what is inside.
 */
function tuningName(device: string, candidates: readonly string[]): string {
  return `linear-tuning-1-${device.replaceAll(/[^\w.]+/g, "-")}-${sumOf(candidates.join(" "))}.json`;
}

/** FNV-1a of 32 bits, in hexadecimal digits. */
function sumOf(text: string): string {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}
