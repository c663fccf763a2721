import { lstat, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { undoSwap } from "./interrupted-swap.ts";

/*
 * What is not finished lies under names of the form `.NAME.longspan-staging-PID-RANDOM`, beside or in the target called NAME, until it is renamed. A process that is killed leaves
 * its staging behind; the next run to the same target knows it by the name, and that its owner is gone by the process id.
 */

const marker = ".longspan-staging-";

/** Leaves room for the rest in the 255 bytes a file name may have. */
const maxNameBytes = 150;

/** A process id means something on its own machine only: containers that share a disk have the same ids. */
const machine = digestOf(hostname()).slice(0, 6);

/** Another machine's staging is taken for abandoned after a day without change. */
const foreignAge = 24 * 60 * 60 * 1000;

/** A path for a new staging file or folder for `target`, in `folder`. */
export function stagingPath(folder: string, target: string): string {
  return join(folder, `${stagingPrefix(target)}${process.pid}-${machine}${randomDigits()}`);
}

/** The lock that is held while files of `folder` change, of which `target` is a name. That of a killed run is taken over by the next. */
export function swapLockPath(folder: string, target: string): string {
  return join(folder, `${stagingPrefix(target)}lock`);
}

/** Whether a name in a target's folder is nothing of what was written there. */
export function isUnfinished(fileName: string, target: string): boolean {
  return isStagingOf(fileName, target) || fileName === `${stagingPrefix(target)}lock`;
}

export function isStagingOf(fileName: string, target: string): boolean {
  return fileName.startsWith(stagingPrefix(target)) && /^\d{1,10}-[0-9a-f]{16}$/.test(fileName.slice(stagingPrefix(target).length));
}

function stagingPrefix(target: string): string {
  const name = basename(target);
  if (Buffer.byteLength(name) <= maxNameBytes) return `.${name}${marker}`;
  return `.${digestOf(name)}${marker}`;
}

/** 16 hexadecimal digits that tell names apart (FNV-1a, 64 bits). Nothing here is secret, and loading node:crypto costs a tenth of `inspect`. */
function digestOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}

/** 10 hexadecimal digits. */
function randomDigits(): string {
  return Math.floor(Math.random() * 2 ** 40)
    .toString(16)
    .padStart(10, "0");
}

/**
 * Removes what killed runs to the same target left in `folder`, and tells of each; files that such a run had taken away come back first. A folder that cannot be listed or a remnant that cannot be removed stops nobody.
 */
export async function removeOrphans(folder: string, target: string, onNote: (note: string) => void): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((candidate) => isStagingOf(candidate, target))) {
    const path = join(folder, name);
    if (!(await isOrphan(path))) continue;
    try {
      if (await undoSwap(path, folder)) onNote(`Put back the files that an interrupted run had taken away from ${folder}.`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      onNote(
        `${path} holds files that an interrupted run had taken away from ${folder}, and they cannot be put back (${why}). Move them by hand.`,
      );
      continue;
    }
    const removed = await rm(path, { recursive: true, force: true }).then(
      () => true,
      () => false,
    );
    onNote(
      removed
        ? `Removed ${path}, which an interrupted run left behind.`
        : `${path}, which an interrupted run left behind, cannot be removed. Remove it by hand.`,
    );
  }
}

async function isOrphan(path: string): Promise<boolean> {
  const [, pid, owner] = /(\d+)-([0-9a-f]{6})[0-9a-f]{10}$/.exec(path) ?? [];
  const changed = await lstat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  if (owner !== machine) return Date.now() - changed > foreignAge;
  // In a container every run may have the id 1: what is older than this process is not its own.
  if (Number(pid) === process.pid) return changed < Date.now() - process.uptime() * 1000 - 1000;
  return !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
