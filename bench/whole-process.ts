import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Measurement {
  readonly seconds: number;
  /** Largest resident memory of the process, in bytes; undefined where the system does not tell. */
  readonly peakBytes: number | undefined;
}

/** Runs a whole process and measures it from outside: wall time with start-up, and the kernel's own count of peak memory. */
export async function measureProcess(command: string, commandArguments: readonly string[]): Promise<Measurement> {
  const report = join(tmpdir(), `longspan-peak-${process.pid}`);
  const started = performance.now();
  const child = spawn(command, commandArguments, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, LONGSPAN_PEAK_FILE: report },
  });
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => {
    complaint += text.toString();
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`${command} ${commandArguments.join(" ")} ended with ${status}: ${complaint}`);
  const peak = await readFile(report, "utf8").catch(() => undefined);
  await rm(report, { force: true });
  return { seconds, peakBytes: peak === undefined ? undefined : Number(peak) * 1024 };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
