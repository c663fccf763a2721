import { LongspanError } from "@longspan/core";
import type { LiveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { AttentionTuning, AttentionTuningEntry } from "../kernels/attention/attention-tuning.ts";
import type { LinearTuning, LinearTuningEntry } from "../kernels/linear/check-tuning.ts";
import { heuristicTiling } from "../kernels/linear/heuristic-tiling.ts";
import { fastest, type KeptTimes } from "./kept-times.ts";
import { keepTuning, keyOf, readKeptTuning, type Measured } from "./kept-tuning.ts";
import type { NeededAttention } from "./needed-attention.ts";
import type { NeededProduct } from "./needed-products.ts";

/** What a session is prepared for may be held up by measuring for so long, in milliseconds. */
const budget = 500;

/**
 * A driver that ends the process, or loses the device, over something that is measured would do so again each time. After so many times in a row nothing
 * more is measured on the device: rules choose, and what is known by then.
 */
const mostUnfinished = 3;

/** What a session needs. */
export interface NeededShapes {
  readonly linear: readonly NeededProduct[];
  readonly attention: readonly NeededAttention[];
}

/** What was fastest. */
export interface MeasuredTuning {
  readonly linear: LinearTuning;
  readonly attention: AttentionTuning;
}

/** The tuning of a device, as far as it is known. */
export interface OpenedTuning {
  readonly tuning: MeasuredTuning;
  /** What is left to be measured; undefined: nothing. */
  readonly unmeasured: Unmeasured<MeasuredTuning> | undefined;
}

export interface Unmeasured<Result> {
  /**
   * Has the device compile what will be measured first, while others wait for something else, until it is over. What does not compile is no failure.
   * @throws LongspanError `device-lost`.
   */
  compile(isOver: () => boolean): Promise<void>;
  /**
   * Measures for half a second at most, keeps what was found, and tells all that is known then. What the time or the device's memory is not enough for is
   * measured the next time, from where it was left; until then rules choose.
   * @throws LongspanError `aborted`, `device-lost`.
   */
  measure(): Promise<Result>;
}

export interface TuningOptions {
  readonly signal?: AbortSignal | undefined;
  /** Measures what is not known yet of one of them, until the deadline. Default: `measureOn` the device. */
  readonly measure?: ((known: Measured, tuning: LinearTuning, deadline: number) => Promise<KeptTimes<unknown>>) | undefined;
}

/**
 * The tuning of a device for these linear layers and this attention: what was kept of earlier measurements, by device, driver and the tilings that its
 * features and limits allow. The half second of a measurement is for all that is missing together; what is dearest comes first: there a faster tiling gains
 * most.
 */
export async function openTuning(
  live: LiveDevice,
  store: TuningStore,
  needed: NeededShapes,
  { signal, measure }: TuningOptions = {},
): Promise<OpenedTuning> {
  const { facts } = live;
  const kept = await readKeptTuning(store, facts);
  const known = new Map(kept.measured.map((one) => [keyOf(one), one]));
  const missing = [...needed.linear, ...needed.attention]
    .toSorted((left, right) => right.work - left.work)
    .map((one) => known.get(keyOf(one)) ?? nothingOf(one))
    .filter(({ complete }) => !complete);
  const tuning = (): MeasuredTuning => ({
    linear: linearTuning(facts, known.values()),
    attention: attentionTuning(facts, known.values()),
  });
  if (missing.length === 0 || kept.unfinished >= mostUnfinished) return { tuning: tuning(), unmeasured: undefined };
  const begun = kept.unfinished + 1;
  let [underWay, after] = [0, kept.unfinished];
  const keep = async (unfinished: number): Promise<void> => keepTuning(store, facts, known.values(), unfinished);
  /** What is begun is written down before, and that it came to an end after it. */
  const noted = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (underWay++ === 0) await keep(begun);
    try {
      return await work();
    } catch (error) {
      if (LongspanError.isInstance(error) && error.code === "device-lost") after = begun;
      throw error;
    } finally {
      if (--underWay === 0) await keep(after);
    }
  };
  return {
    tuning: tuning(),
    unmeasured: {
      compile: async (isOver) =>
        noted(async () => {
          const { compileCandidates } = await import("./measure-on.ts");
          await compileCandidates(live, missing, tuning().linear, isOver);
          live.check();
        }),
      measure: async () =>
        noted(async () => {
          const measureOne = measure ?? (await measurerOn(live, signal));
          const deadline = performance.now() + budget;
          for (const one of missing) {
            const found = await measureOne(one, tuning().linear, deadline).catch(nothingWithoutMemory);
            if (found !== undefined && (found.complete || found.times.length > one.times.length)) {
              known.set(keyOf(one), { ...one, ...found } as Measured);
              await keep(begun);
            }
            if (performance.now() >= deadline) break;
          }
          after = 0;
          return tuning();
        }),
    },
  };
}

function nothingOf(one: NeededProduct | NeededAttention): Measured {
  const nothing = { complete: false, times: [] } as const;
  return one.of === "linear" ? { of: one.of, shape: one.shape, ...nothing } : { of: one.of, shape: one.shape, ...nothing };
}

/** Loaded where something is measured: most sessions find what was kept. */
async function measurerOn(live: LiveDevice, signal: AbortSignal | undefined): Promise<NonNullable<TuningOptions["measure"]>> {
  const { measureOn } = await import("./measure-on.ts");
  return (known, tuning, deadline) => live.guard(measureOn(live, known, tuning, { deadline, signal }));
}

/** What there is no memory to measure for may have enough to run: weights are loaded once, and these are others' by then. */
function nothingWithoutMemory(error: unknown): undefined {
  if (!LongspanError.isInstance(error) || (error.code !== "out-of-memory" && error.code !== "device-limit")) throw error;
}

function linearTuning(facts: DeviceFacts, known: Iterable<Measured>): LinearTuning {
  const entries: LinearTuningEntry[] = [];
  for (const one of known) {
    if (one.of !== "linear") continue;
    const { shape, times } = one;
    const byRule = heuristicTiling(facts, { ...shape, stack: 1, rightLayout: "columns" }, shape.weightStorage).name;
    entries.push({ ...shape, tiling: fastest(times)?.tiling ?? byRule, gigaflops: {} });
  }
  return { version: 1, device: facts.name, entries };
}

function attentionTuning(facts: DeviceFacts, known: Iterable<Measured>): AttentionTuning {
  const entries: AttentionTuningEntry[] = [];
  for (const { of: part, shape, times } of known) {
    if (part === "linear") continue;
    entries.push({ part, shape, choice: fastest(times) ?? {} });
  }
  return { device: facts.name, entries };
}
