import { signal, type Signal } from "@preact/signals";
import type { Inspection, Progress, Slot } from "../../protocol/calls.ts";
import type { ModelPlace } from "../../protocol/model-place.ts";
import type { Problem } from "../../protocol/problem.ts";
import { problemOf, work } from "../../state/work.ts";

/** A checkpoint that is open to be looked at, or on its way. */
export interface OpenedCheckpoint {
  readonly place: Signal<ModelPlace | undefined>;
  readonly inspection: Signal<Inspection | undefined>;
  readonly progress: Signal<Progress | undefined>;
  readonly problem: Signal<Problem | undefined>;
  readonly open: (place: ModelPlace) => Promise<void>;
  readonly cancel: () => void;
}

export function openedCheckpoint(slot: Slot): OpenedCheckpoint {
  const place = signal<ModelPlace | undefined>(undefined);
  const inspection = signal<Inspection | undefined>(undefined);
  const progress = signal<Progress | undefined>(undefined);
  const problem = signal<Problem | undefined>(undefined);
  let controller: AbortController | undefined;
  return {
    place,
    inspection,
    progress,
    problem,
    cancel: () => controller?.abort(),
    async open(chosen) {
      controller?.abort();
      const own = new AbortController();
      controller = own;
      problem.value = undefined;
      inspection.value = undefined;
      place.value = chosen;
      progress.value = { stage: "open", item: "", done: 0, total: 0, unit: "steps" };
      try {
        const found = await work.call(
          "inspect",
          { slot, place: chosen },
          { signal: own.signal, onProgress: (event) => (progress.value = event) },
        );
        if (controller === own) inspection.value = found;
      } catch (error) {
        const what = problemOf(error);
        if (controller === own && what.code !== "aborted") problem.value = what;
        if (controller === own) place.value = undefined;
      } finally {
        if (controller === own) progress.value = undefined;
      }
    },
  };
}

export const looked: OpenedCheckpoint = openedCheckpoint("look");

export async function openToLook(place: ModelPlace): Promise<void> {
  await looked.open(place);
}
