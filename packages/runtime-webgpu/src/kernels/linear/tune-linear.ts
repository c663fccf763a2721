import type { GpuAdapter, GpuDevice } from "../../device/gpu-objects.ts";
import { LongspanError } from "@longspan/core";
import { liveDevice } from "../../device/live-device.ts";
import { readDeviceFacts } from "../../device/read-device-facts.ts";
import type { LinearShape, LinearTuning, LinearTuningEntry } from "./check-tuning.ts";
import { measureTilings, type MeasureTilingsOptions } from "./measure-tilings.ts";
import { tilingsFor, tilingsOf } from "./heuristic-tiling.ts";
import type { Tiling } from "./tiling.ts";

/** What `tuneLinear` tries. */
export interface TuneLinearOptions {
  /** Names of the tilings to try. Default: all that the device can run. */
  readonly tilings?: readonly string[] | undefined;
  /** The adapter that the device came from: in Node it alone tells the shapes of matrix units, whose tilings are not tried without it. */
  readonly adapter?: GpuAdapter | undefined;
  /** Ends the measuring when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/** At leisure: some hundred milliseconds a shape. */
const thorough: MeasureTilingsOptions = { rounds: 3, milliseconds: 20 };

/**
 * Measures which tiling of a linear layer is the fastest on a device, for each of the shapes given: a second or so a shape on a GPU. The
 * result is plain data: keep it as JSON, and pass it to `webgpu({ tuning })`.
 *
 *     const tuning = await tuneLinear(device, [{ rows: 4096, columns: 768, inner: 768, weightStorage: "float32" }]);
 *
 * Other work on the device meanwhile makes it say anything.
 * @throws LongspanError `device-limit` for a shape with a tensor larger than a buffer may be; `argument-invalid` for sizes that are none and
 * tilings that the device has not; `out-of-memory`, `device-lost`, `aborted`.
 */
export async function tuneLinear(
  device: GpuDevice,
  shapes: readonly LinearShape[],
  options: TuneLinearOptions = {},
): Promise<LinearTuning> {
  const facts = readDeviceFacts(device, undefined, options.adapter?.info);
  const live = liveDevice(device, facts, "Tune again on another device");
  const wanted = new Set(wantedTilings(tilingsOf(facts, "float16"), options.tilings).map(({ name }) => name));
  const entries: LinearTuningEntry[] = [];
  for (const shape of shapes) {
    const tilings = tilingsFor(facts, shape, shape.weightStorage).filter(({ name }) => wanted.has(name));
    const entry = await measureTilings(live, shape, tilings, { ...thorough, signal: options.signal });
    if (entry !== undefined) entries.push(entry);
  }
  return { version: 1, device: facts.name, entries };
}

function wantedTilings(all: readonly Tiling[], names: readonly string[] | undefined): readonly Tiling[] {
  if (names === undefined) return all;
  const known = new Map(all.map((tiling) => [tiling.name, tiling]));
  const wanted = [...new Set(names)].map((name) => {
    const tiling = known.get(name);
    if (tiling === undefined)
      throw new LongspanError("argument-invalid", `This device has no tiling "${name}"; it has ${[...known.keys()].join(", ")}.`);
    return tiling;
  });
  if (wanted.length === 0) throw new LongspanError("argument-invalid", "No tilings to try: leave `tilings` out to try all of them.");
  return wanted;
}
