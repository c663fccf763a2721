import { lstat, open, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { moveFile } from "./move-files.ts";

/*
 * Files of a folder are replaced by moving the old ones into the staging folder (`old/`) and the new ones out of it (`new/`). A process that is killed
 * between two moves leaves a folder with neither. So what will be moved is written down before the first move, and whoever finds the staging folder of a
 * killed run puts the old files back.
 */

export interface Swap {
  /** Names that come from `new/`, after all old ones have gone. */
  readonly incoming: readonly string[];
  /** Names that go to `old/`. */
  readonly outgoing: readonly string[];
}

const record = "moves.json";

/** Writes down what is about to be moved, on the disk. */
export async function recordSwap(staging: string, swap: Swap): Promise<void> {
  const file = await open(join(staging, record), "wx");
  try {
    await file.writeFile(JSON.stringify(swap));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The moves are over, done or undone: nobody is to undo them. */
export async function forgetSwap(staging: string): Promise<void> {
  await unlink(join(staging, record)).catch(() => {});
}

/**
 * Undoes a swap that was interrupted, so that the folder is as it was before. One that had come to its end stays.
 * @returns whether files were put back
 * @throws what moving throws; nothing is lost then, and it can be tried again
 */
export async function undoSwap(staging: string, folder: string): Promise<boolean> {
  const swap = await readRecord(staging);
  if (swap === undefined) return false;
  const arrived: string[] = [];
  for (const name of swap.incoming) if (!(await exists(join(staging, "new", name)))) arrived.push(name);
  if (arrived.length === swap.incoming.length) {
    await forgetSwap(staging);
    return false;
  }
  for (const name of arrived) await rename(join(folder, name), join(staging, "new", name));
  let restored = false;
  for (const name of swap.outgoing) {
    if (!(await exists(join(staging, "old", name)))) continue;
    await moveFile(join(staging, "old", name), join(folder, name), false);
    restored = true;
  }
  await forgetSwap(staging);
  return restored;
}

async function readRecord(staging: string): Promise<Swap | undefined> {
  try {
    const swap: Swap = JSON.parse(await readFile(join(staging, record), "utf8"));
    return swap;
  } catch {
    // There is none, or it was not written to its end: nothing had been moved.
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
