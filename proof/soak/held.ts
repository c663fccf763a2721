import { readdirSync } from "node:fs";
import type { StandingBuffers } from "./gpu-buffers.ts";

/** What a process holds. */
export interface Held {
  readonly heapMebibytes: number;
  /** Memory of buffers, outside of the heap. */
  readonly outsideMebibytes: number;
  readonly residentMebibytes: number;
  readonly files: number;
  /** Handles and requests that keep the process alive, by kind. */
  readonly handles: string;
  readonly gpuBuffers: number;
  readonly gpuMebibytes: number;
}

const mebibyte = 2 ** 20;

/** After the garbage is gone. */
export async function held(buffers: StandingBuffers): Promise<Held> {
  for (let turn = 0; turn < 4; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return {
    heapMebibytes: heapUsed / mebibyte,
    outsideMebibytes: external / mebibyte,
    residentMebibytes: rss / mebibyte,
    files: readdirSync("/proc/self/fd").length,
    handles: [...counts]
      .map(([kind, count]) => `${count} ${kind}`)
      .toSorted()
      .join(", "),
    gpuBuffers: buffers.count,
    gpuMebibytes: buffers.bytes / mebibyte,
  };
}

export function inWords({ heapMebibytes, outsideMebibytes, residentMebibytes, files, handles, gpuBuffers, gpuMebibytes }: Held): string {
  return `heap ${heapMebibytes.toFixed(1)} MiB, outside ${outsideMebibytes.toFixed(1)} MiB, RSS ${residentMebibytes.toFixed(0)} MiB, ${files} files, handles: ${handles || "none"}, GPU: ${gpuBuffers} buffers of ${gpuMebibytes.toFixed(1)} MiB`;
}

/** Garbage collection is not exact, and code that was compiled stays. */
const slack = { heapMebibytes: 6, outsideMebibytes: 6 } as const;

/** What is held now and was not before. The process as a whole counts where it is said how much it may grow. */
export function grown(before: Held, now: Held, more: { readonly residentMebibytes?: number } = {}): readonly string[] {
  const problems: string[] = [];
  for (const [name, most] of Object.entries({ ...slack, ...more }) as [keyof typeof slack | "residentMebibytes", number][]) {
    if (now[name] > before[name] + most) problems.push(`${name} grew from ${before[name].toFixed(1)} to ${now[name].toFixed(1)}`);
  }
  for (const name of ["files", "handles", "gpuBuffers", "gpuMebibytes"] as const) {
    if (now[name] !== before[name]) problems.push(`${name} went from ${before[name]} to ${now[name]}`);
  }
  return problems;
}
