import type { LiveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import type { LinearShape, LinearTuning, LinearTuningEntry } from "../kernels/linear/index.ts";
import { measureTilings } from "../kernels/linear/measure-tilings.ts";
import { heuristicTiling, tilingsFor } from "../kernels/linear/heuristic-tiling.ts";
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
 * kept. Shapes for which the time is not enough are measured the next time; until then rules choose.
 * @throws LongspanError `aborted`, `device-lost`.
 */
export async function measuredTuning(
  live: LiveDevice,
  store: TuningStore,
  shapes: readonly LinearShape[],
  { signal, measure }: MeasuredTuningOptions = {},
): Promise<LinearTuning> {
  const { device, facts, pipelines } = live;
  const name = tuningName(facts.name);
  const kept = readTuning(await store.read(name), facts.name);
  const entries = new Map(kept.entries.map((entry) => [keyOf(entry), entry]));
  const missing = shapes.filter((shape) => !entries.has(keyOf(shape)));
  if (missing.length === 0) return kept;
  const measureShape =
    measure ??
    ((shape, tilings, deadline): Promise<LinearTuningEntry | undefined> =>
      live.guard(measureTilings({ device, facts, pipelines }, shape, tilings, { ...quick, deadline, signal })));
  const deadline = performance.now() + budget;
  for (const shape of missing) {
    const product = { ...shape, stack: 1, rightLayout: "columns" } as const;
    const byRule = heuristicTiling(facts, product, shape.weightStorage);
    // Lanes are for processors, and split sums for a few rows: neither is near the others for many.
    const tilings = tilingsFor(facts, shape, shape.weightStorage).filter(({ kind }) => kind === byRule.kind);
    const entry = await measureShape(shape, tilings, deadline);
    if (entry === undefined) break;
    const [best = 0, ruled = 0] = [entry.gigaflops[entry.tiling], entry.gigaflops[byRule.name]];
    entries.set(keyOf(shape), best < ruled * least ? { ...entry, tiling: byRule.name } : entry);
  }
  const tuning: LinearTuning = { version: 1, device: facts.name, entries: [...entries.values()] };
  if (entries.size > kept.entries.length) await store.write(name, JSON.stringify(tuning));
  return tuning;
}

/** What was kept, where it is of this version and of this device: anything else is as if nothing were. */
function readTuning(text: string | undefined, device: string): LinearTuning {
  const none: LinearTuning = { version: 1, device, entries: [] };
  if (text === undefined) return none;
  try {
    const found = JSON.parse(text) as Partial<LinearTuning> | null;
    const isOurs = found?.version === 1 && found.device === device && Array.isArray(found.entries) && found.entries.every(isEntry);
    return isOurs ? (found as LinearTuning) : none;
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

/** A name for files: two devices whose names differ in signs only share it, and tell by what is inside. */
function tuningName(device: string): string {
  return `linear-tuning-1-${device.replaceAll(/[^\w.]+/g, "-")}.json`;
}
