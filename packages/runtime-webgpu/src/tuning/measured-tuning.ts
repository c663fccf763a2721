import { LongspanError } from "@longspan/core";
import type { LiveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import type { AttentionTuning } from "../kernels/attention/attention-tuning.ts";
import type { LinearTuning } from "../kernels/linear/check-tuning.ts";
import { heuristicTiling } from "../kernels/linear/heuristic-tiling.ts";
import { fastest, type KeptTimes } from "./kept-times.ts";
import { readKeptTuning, writeKeptTuning, type KeptAttention, type KeptLinear, type KeptTuning } from "./kept-tuning.ts";
import type { NeededAttention } from "./needed-attention.ts";
import type { NeededProduct } from "./needed-products.ts";

/** What a session is prepared for may be held up by measuring for so long, in milliseconds. */
const budget = 500;

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

/** A linear layer of a shape, or a part of attention, and what is known of it. */
export type Measured = ({ readonly of: "linear" } & KeptLinear) | ({ readonly of: "attention" } & KeptAttention);

export interface MeasuredTuningOptions {
  readonly signal?: AbortSignal | undefined;
  /** Measures what is not known yet of one of them, until the deadline. Default: `measureOn` the device. */
  readonly measure?: ((known: Measured, tuning: LinearTuning, deadline: number) => Promise<KeptTimes<unknown>>) | undefined;
}

/**
 * The tuning of a device for these linear layers and this attention: what was kept of earlier measurements, and what is missing measured within half a
 * second for all of them together, and kept, by device, driver and the tilings that its features and limits allow. What is dearest comes first: there a
 * faster tiling gains most. What the time or the device's memory is not enough for is measured the next time, from where it was left; until then rules
 * choose.
 * @throws LongspanError `aborted`, `device-lost`.
 */
export async function measuredTuning(
  live: LiveDevice,
  store: TuningStore,
  needed: NeededShapes,
  { signal, measure }: MeasuredTuningOptions = {},
): Promise<MeasuredTuning> {
  const { facts } = live;
  const kept = await readKeptTuning(store, facts);
  const known = new Map(
    [
      ...kept.linear.map((one): Measured => ({ of: "linear", ...one })),
      ...kept.attention.map((one): Measured => ({ of: "attention", ...one })),
    ].map((one) => [keyOf(one), one]),
  );
  const nothing = { complete: false, times: [] } as const;
  const missing = [
    ...needed.linear.map(({ shape, work }) => ({ work, subject: { of: "linear", shape, ...nothing } as const })),
    ...needed.attention.map(({ shape, part, work }) => ({ work, subject: { of: "attention", shape, part, ...nothing } as const })),
  ]
    .toSorted((left, right) => right.work - left.work)
    .map(({ subject }) => known.get(keyOf(subject)) ?? subject)
    .filter(({ complete }) => !complete);
  if (missing.length > 0) {
    const measureOne = measure ?? (await measurerOn(live, signal));
    const deadline = performance.now() + budget;
    let changed = false;
    for (const subject of missing) {
      const found = await measureOne(subject, linearTuning(live, known), deadline).catch(nothingWithoutMemory);
      if (found !== undefined && (found.complete || found.times.length > subject.times.length)) {
        known.set(keyOf(subject), { ...subject, ...found } as Measured);
        changed = true;
      }
      if (performance.now() >= deadline) break;
    }
    if (changed) await writeKeptTuning(store, facts, { ...kept, ...partsOf(known) });
  }
  const attention = partsOf(known).attention.flatMap(({ shape, part, times }) => {
    const choice = fastest(times);
    return choice === undefined ? [] : [{ ...shape, part, choice }];
  });
  return { linear: linearTuning(live, known), attention: { device: facts.name, entries: attention } };
}

/** Loaded where something is measured: most sessions find what was kept. */
async function measurerOn(live: LiveDevice, signal: AbortSignal | undefined): Promise<NonNullable<MeasuredTuningOptions["measure"]>> {
  const { measureOn } = await import("./measure-on.ts");
  return (known, tuning, deadline) => live.guard(measureOn(live, known, tuning, { deadline, signal }));
}

/** What there is no memory to measure for may have enough to run: weights are loaded once, and these are others' by then. */
function nothingWithoutMemory(error: unknown): undefined {
  if (!LongspanError.isInstance(error) || (error.code !== "out-of-memory" && error.code !== "device-limit")) throw error;
}

function partsOf(known: ReadonlyMap<string, Measured>): Pick<KeptTuning, "linear" | "attention"> {
  const [linear, attention]: [KeptLinear[], KeptAttention[]] = [[], []];
  for (const one of known.values()) {
    const { complete } = one;
    if (one.of === "linear") linear.push({ shape: one.shape, complete, times: one.times });
    else attention.push({ shape: one.shape, part: one.part, complete, times: one.times });
  }
  return { linear, attention };
}

function linearTuning({ facts }: LiveDevice, known: ReadonlyMap<string, Measured>): LinearTuning {
  const entries = partsOf(known).linear.map(({ shape, times }) => {
    const byRule = heuristicTiling(facts, { ...shape, stack: 1, rightLayout: "columns" }, shape.weightStorage).name;
    const work = (2 * shape.rows * shape.columns * shape.inner) / 1e6;
    const measured = times.flatMap(({ choice, milliseconds }) =>
      milliseconds === null ? [] : [[choice.tiling, work / milliseconds] as const],
    );
    return { ...shape, tiling: fastest(times)?.tiling ?? byRule, gigaflops: Object.fromEntries(measured) };
  });
  return { version: 1, device: facts.name, entries };
}

function keyOf(one: Measured): string {
  if (one.of === "linear") {
    const { rows, columns, inner, weightStorage, activationStorage = "float32" } = one.shape;
    return ["linear", rows, columns, inner, weightStorage, activationStorage].join(" ");
  }
  const { batch, sequence, hidden, heads, oneSided, slots, joined, queryStorage, hiddenStorage, weightStorage, contextStorage } = one.shape;
  const sizes = [batch, sequence, hidden, heads, oneSided, slots];
  return [one.part, ...sizes, joined, queryStorage, hiddenStorage, weightStorage, contextStorage].join(" ");
}
