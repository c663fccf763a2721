import { readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { LongspanError } from "@longspan/core";
import { fileSystemError } from "@longspan/core/node";

/** Gives a file back to others. */
export type ReleaseOutput = () => Promise<void>;

/** A lock that was made this moment may have no words yet. */
const [looks, millisecondsBetweenLooks] = [10, 50];

/** Locks that this process holds: it may have the number of one that is dead. */
const held = new Set<string>();

/**
 * Takes a file of answers for this run alone, by a file beside it (`answers.jsonl.lock`) that says whose it is: of two runs that go on with one output, each would do what
 * the other has done. The lock of a process that is dead stands in nobody's way. What is no file, such as `/dev/stdout`, is nobody's.
 * @returns undefined where no such file can be made.
 * @throws LongspanError `target-exists` where another run has it; `disk-full`, `io-failed`.
 */
export async function lockOutput(path: string): Promise<ReleaseOutput | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === false) return undefined;
  const lock = `${found === undefined ? path : await realpath(path)}.lock`;
  const own = JSON.stringify({ process: process.pid, machine: hostname() });
  for (;;) {
    try {
      await writeFile(lock, own, { flag: "wx" });
      break;
    } catch (error) {
      const failure = fileSystemError(error, lock, "written");
      // Whoever may not write there, or not find the folder, is told so by the output itself.
      if (["not-found", "permission-denied", "argument-invalid"].includes(failure.code)) return undefined;
      if (failure.code !== "target-exists") throw failure;
    }
    await removeStale(path, lock);
  }
  held.add(lock);
  return async () => {
    held.delete(lock);
    await rm(lock, { force: true });
  };
}

/** Removes the lock of a dead process. @throws LongspanError `target-exists` where it lives, or may live. */
async function removeStale(path: string, lock: string): Promise<void> {
  const said = await contentOf(lock);
  // It has been given back meanwhile.
  if (said === undefined) return;
  const owner = ownerOf(said);
  const isDead = said === "" || (owner?.machine === hostname() && !isAlive(owner.process));
  if (!isDead || held.has(lock)) {
    const who = owner === undefined ? "" : ` (process ${owner.process} on ${owner.machine})`;
    throw new LongspanError(
      "target-exists",
      `${path} is being written by another run${who}. Wait for its end, or give --output another name. If there is no such run, delete ${lock}.`,
      { details: { path, lock } },
    );
  }
  // Of several that see it, one takes it away; what was not this one's is put back.
  const aside = `${lock}.${process.pid}`;
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, "utf8")) === said) await rm(aside, { force: true });
  else await rename(aside, lock);
}

/** What a lock says; undefined for one that is gone, "" for one whose process died before it had written. */
async function contentOf(lock: string): Promise<string | undefined> {
  for (let look = 0; ; look++) {
    const said = await readFile(lock, "utf8").catch(() => undefined);
    if (said !== "" || look === looks) return said;
    await setTimeout(millisecondsBetweenLooks);
  }
}

interface Owner {
  readonly process: number;
  readonly machine: string;
}

function ownerOf(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("process" in value && "machine" in value)) return undefined;
    return typeof value.process === "number" && typeof value.machine === "string"
      ? { process: value.process, machine: value.machine }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process of this machine is there; this one's own number is that of a dead one, since what it holds is known. */
function isAlive(id: number): boolean {
  if (id === process.pid) return false;
  try {
    return process.kill(id, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
