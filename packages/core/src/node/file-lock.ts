import { open, readFile, readlink, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { fileSystemError } from "./file-system-error.ts";

/** Who has a lock. */
export interface LockHolder {
  /** Its process id on that machine. */
  readonly process: number;
  /** The machine's name. */
  readonly machine: string;
}

/** What became of an attempt to take a lock. */
export type LockAttempt =
  | {
      readonly isTaken: true;
      /** Gives it back. */
      release(): Promise<void>;
    }
  | {
      readonly isTaken: false;
      /** Undefined where the lock does not say. */
      readonly holder: LockHolder | undefined;
    };

/** How a lock is held. */
export interface TakeLockOptions {
  /** How often its holder shows that it lives, by the time of the lock's file. Default: 5000. */
  readonly beatMilliseconds?: number | undefined;
}

/** What a lock's file says. A process's number is given again when it has died: when it began tells it from the next one. */
interface Owner extends LockHolder {
  /** Of Linux: the ticks at which the process began; elsewhere the time, in milliseconds. */
  readonly began: number;
  /** Of Linux: within which numbers of processes mean something. Containers of one name have each their own. */
  readonly space: string | undefined;
}

/** A lock that was made this moment may have no words yet. */
const [looks, millisecondsBetweenLooks] = [10, 50];

/** How far a clock that was set may move the beginning of a process. */
const clockSlack = 5000;

/** Who waits looks this often. */
const pollMilliseconds = 200;

/** Of a holder on another machine, so many milliseconds without a sign of life are its end. */
const maxSilence = 60_000;

/**
 * Takes a lock: a file that says whose it is. That of a dead process of this machine stands in nobody's way, whoever has its number now; whether one of another machine,
 * or of another container, lives is not known here, and it holds.
 * @throws LongspanError `not-found`, `permission-denied`, `disk-full`, …: where no such file can be made.
 */
export async function takeFileLock(path: string, { beatMilliseconds = 5000 }: TakeLockOptions = {}): Promise<LockAttempt> {
  const own = await ownWords();
  for (;;) {
    try {
      await makeLock(path, own);
      return heldLock(path, own, beatMilliseconds);
    } catch (error) {
      const failure = fileSystemError(error, path, "written");
      if (failure.code !== "target-exists") throw failure;
    }
    const said = await wordsOf(path);
    // It has been given back meanwhile.
    if (said === undefined) continue;
    const owner = ownerOf(said);
    const isDead = said === "" || (owner !== undefined && (await isHere(owner)) && !(await isAlive(owner)));
    if (!isDead) return { isTaken: false, holder: owner && { process: owner.process, machine: owner.machine } };
    await remove(path, said);
  }
}

/** On a disk without room for its words there is no lock, and no file. */
async function makeLock(path: string, words: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(words);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** How a lock is waited for. */
export interface WaitForLockOptions {
  /** Ends the waiting when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Looked at between attempts: whether it is still worth waiting. */
  readonly isWanted: () => Promise<boolean>;
  /** Milliseconds without a sign of life after which a holder of another machine is taken for dead. Default: a minute. */
  readonly maxSilence?: number | undefined;
}

/**
 * Takes a lock as soon as nobody has it. A holder of whom only its signs of life are known, since it is on another machine, is taken for dead after a time without any.
 * @returns what gives it back; undefined when it is not wanted any more
 * @throws LongspanError `aborted`; what `takeFileLock` throws.
 */
export async function waitForFileLock(path: string, options: WaitForLockOptions): Promise<(() => Promise<void>) | undefined> {
  const { signal, isWanted, maxSilence: limit = maxSilence } = options;
  let sign = "";
  let since = performance.now();
  for (;;) {
    throwIfAborted(signal);
    const attempt = await takeFileLock(path);
    if (attempt.isTaken) return attempt.release;
    const said = await wordsOf(path);
    const owner = ownerOf(said ?? "");
    const seen = `${await changeOf(path)} ${said}`;
    // By this machine's clock alone: those of others go differently.
    if (seen !== sign) [sign, since] = [seen, performance.now()];
    else if (said !== undefined && performance.now() - since >= limit && !(owner !== undefined && (await isHere(owner)))) {
      await remove(path, said);
      continue;
    }
    await wait(pollMilliseconds, undefined, { signal }).catch(() => throwIfAborted(signal));
    if (!(await isWanted())) return undefined;
  }
}

function heldLock(path: string, own: string, beatMilliseconds: number): LockAttempt {
  const beat = setInterval(() => {
    const now = new Date();
    // Where it has gone, its end is told by what it was for.
    utimes(path, now, now).catch(() => undefined);
  }, beatMilliseconds);
  beat.unref();
  return {
    isTaken: true,
    async release() {
      clearInterval(beat);
      // One that was taken away from us is another one's now.
      if ((await readFile(path, "utf8").catch(() => undefined)) === own) await rm(path, { force: true });
    },
  };
}

/** Of several that see a dead one's lock, one takes it away; what was not this one's is put back. */
async function remove(path: string, said: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, "utf8")) === said) await rm(aside, { force: true });
  else await rename(aside, path);
}

/** What a lock says; undefined for one that is gone, "" for one whose process died before it had written. */
async function wordsOf(path: string): Promise<string | undefined> {
  for (let look = 0; ; look++) {
    const said = await readFile(path, "utf8").catch(() => undefined);
    if (said !== "" || look === looks) return said;
    await wait(millisecondsBetweenLooks);
  }
}

async function changeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

async function ownWords(): Promise<string> {
  const began = (await processState(process.pid))?.began ?? Date.now() - 1000 * process.uptime();
  const owner: Owner = { process: process.pid, machine: hostname(), began, space: await ownSpace() };
  return JSON.stringify(owner);
}

function ownerOf(text: string): Owner | undefined {
  try {
    const value = JSON.parse(text) as Partial<Owner> | null;
    if (typeof value !== "object" || value === null) return undefined;
    const { process: id, machine, began, space } = value;
    if (!Number.isSafeInteger(id) || typeof machine !== "string" || typeof began !== "number") return undefined;
    return { process: Number(id), machine, began, space: typeof space === "string" ? space : undefined };
  } catch {
    return undefined;
  }
}

/** Whether its number means something to this process. */
async function isHere({ machine, space }: Owner): Promise<boolean> {
  return machine === hostname() && space === (await ownSpace());
}

/** Linux's name of the namespace of this process's number (proc_pid_ns(5)). */
async function ownSpace(): Promise<string | undefined> {
  return readlink("/proc/self/ns/pid").catch(() => undefined);
}

async function isAlive({ process: id, began }: Owner): Promise<boolean> {
  try {
    process.kill(id, 0);
  } catch (error) {
    // It exists, but is another user's.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const state = await processState(id);
  if (state !== undefined) return !state.isDead && state.began === began;
  return id !== process.pid || Math.abs(Date.now() - 1000 * process.uptime() - began) < clockSlack;
}

interface ProcessState {
  readonly isDead: boolean;
  readonly began: number;
}

/** By Linux's /proc (proc_pid_stat(5)): fields 3 and 22, behind a name in brackets that may hold anything; undefined where it is not to be seen. */
async function processState(id: number): Promise<ProcessState | undefined> {
  const text = await readFile(`/proc/${id}/stat`, "latin1").catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const began = Number(fields?.[19]);
  // Its end was not taken notice of: it has no more than its number.
  return fields === undefined || !Number.isFinite(began) ? undefined : { isDead: "ZX".includes(fields[0] ?? ""), began };
}
