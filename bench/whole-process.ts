import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";

export interface Measurement {
  readonly seconds: number;
  /** Largest resident memory of the process, in bytes; undefined where the system does not tell. */
  readonly peakBytes: number | undefined;
  readonly status: number | null;
  /** What it wrote on stderr. */
  readonly complaint: string;
}

/** The kernel's own high-water mark is read this often; it only grows, so the last reading misses next to nothing. */
const pollMilliseconds = 20;

/**
 * Runs a whole process and measures it from outside: wall time with start-up, and the kernel's count of peak resident memory.
 * @throws Error when it ends with another status than one of those expected
 */
export async function measureProcess(
  command: string,
  commandArguments: readonly string[],
  { statuses = [0] }: { readonly statuses?: readonly number[] } = {},
): Promise<Measurement> {
  const started = performance.now();
  const child = spawn(command, commandArguments, { stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => {
    complaint += text.toString();
  });
  let peakBytes: number | undefined;
  const poll = setInterval(async () => {
    const text = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1];
    if (kibibytes !== undefined) peakBytes = Number(kibibytes) * 1024;
  }, pollMilliseconds);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
  const seconds = (performance.now() - started) / 1000;
  clearInterval(poll);
  if (status === null || !statuses.includes(status))
    throw new Error(`${command} ${commandArguments.join(" ")} ended with ${status}: ${complaint}`);
  return { seconds, peakBytes, status, complaint };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
