import { signal } from "@preact/signals";
import type { Progress, Timing } from "../protocol/calls.ts";

/** What the page and its worker take of memory, as the browser counted last; undefined where it does not tell. */
export const usedMemory = signal<number | undefined>(undefined);

/** The most that was taken in each stage, in bytes; a stage that ended before the browser counted is not in it. */
export type StageMemory = Readonly<Partial<Record<Timing["stage"], number>>>;

/**
 * Asks the browser, which answers when it collects garbage next. Pages that are isolated from other origins may ask, in Chromium
 * (https://wicg.github.io/performance-measure-memory/).
 */
export async function measureMemory(): Promise<void> {
  usedMemory.value = await bytesNow();
}

async function bytesNow(): Promise<number | undefined> {
  const measure: unknown = Reflect.get(performance, "measureUserAgentSpecificMemory");
  if (typeof measure !== "function" || !crossOriginIsolated) return undefined;
  try {
    const { bytes } = (await Reflect.apply(measure, performance, [])) as { readonly bytes: number };
    return bytes;
  } catch {
    return undefined;
  }
}

export interface MemoryWatch {
  /** Tells in which stage the work is. */
  during(stage: Progress["stage"]): void;
  end(): void;
}

/** Counts again and again until `end`; `onCount` is told of each new maximum of a stage, the last of them after the end. */
export function watchMemory(onCount: (memory: StageMemory) => void): MemoryWatch {
  let stage: Timing["stage"] = "open";
  const ended = new AbortController();
  const most = new Map<Timing["stage"], number>();
  const watch = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const bytes = await bytesNow();
      if (bytes === undefined) return;
      if (bytes <= (most.get(stage) ?? 0)) continue;
      most.set(stage, bytes);
      onCount(Object.fromEntries(most));
    }
  };
  void watch();
  return {
    during(progressed) {
      if (progressed === "weights" || progressed === "answer") stage = progressed;
    },
    end: () => ended.abort(),
  };
}
