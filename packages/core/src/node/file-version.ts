import type { BigIntStats } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { LongspanError } from "../errors/longspan-error.ts";
import { systemCodeOf } from "./file-system-error.ts";

/** What tells one version of a file from another: every write changes a time, every replacement the inode. */
export interface FileVersion {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  /** Nanoseconds. Anybody may set it back. */
  readonly modified: bigint;
  /** Nanoseconds; of the inode's last change, of whatever kind. Nobody can set it. */
  readonly changed: bigint;
}

/**
 * A system notes times by a clock that ticks every 1 to 16 ms; some file systems note whole seconds, or two. Writes within one tick have
 * one time.
 */
const tick = { milliseconds: 20, coarseMilliseconds: 2000 };

/**
 * Linux notes the time when a call to write begins, and some of its file systems (ext4) let others read while it goes on: a file that was
 * changed a moment ago may have such a call under way, of which nothing more is noted. One call writes 2 GiB at most; the rate is that of a
 * slow disk.
 */
const oneWrite = { maxBytes: 2 ** 31, bytesPerMillisecond: 200_000 };

/** How often a file that is being written is looked at before it is given up. */
const looks = 3;

/**
 * The version of an open file, from which every later one differs: of a file that was changed a moment ago, only after the clock that
 * notes its times has gone on, and a write that may be under way has ended.
 * @throws LongspanError `source-changed` for a file that is being written just now.
 */
export async function settledVersion(handle: FileHandle, name: string): Promise<FileVersion> {
  let version = versionOf(await handle.stat({ bigint: true }));
  for (let look = 0; look < looks; look++) {
    const wait = unsettled(version);
    if (wait === 0) return version;
    await new Promise((resume) => setTimeout(resume, wait));
    const now = versionOf(await handle.stat({ bigint: true }));
    if (differences(version, now).length === 0) return version;
    version = now;
  }
  throw new LongspanError("source-changed", `${name} is being written just now. Start again when whoever writes it has finished.`, {
    details: { path: name },
  });
}

/** Milliseconds until what was noted of the file's last change is all there is to it; 0 where it is. */
function unsettled({ changed, size }: FileVersion): number {
  const clock = changed % 1_000_000_000n === 0n ? tick.coarseMilliseconds : tick.milliseconds;
  const length = clock + Math.min(Number(size), oneWrite.maxBytes) / oneWrite.bytesPerMillisecond;
  const age = Date.now() - Number(changed / 1_000_000n);
  // A time ahead of ours is another machine's clock: there is nothing to wait for.
  return age < 0 || age >= length ? 0 : length - age;
}

/**
 * Asks whether a path still leads to a version of a file.
 * @throws LongspanError `source-changed`
 */
export async function checkFileVersion(path: string, name: string, before: FileVersion): Promise<void> {
  const now = await stat(path, { bigint: true }).then(versionOf, (error: unknown) => systemCodeOf(error) ?? String(error));
  const found = typeof now === "string" ? [now === "ENOENT" ? "it was moved or removed" : now] : differences(before, now);
  if (found.length === 0) return;
  throw new LongspanError(
    "source-changed",
    `${name} was changed while it was read: ${found.join(", ")}. Start again when whoever writes it has finished.`,
    { details: { path: name, changes: found } },
  );
}

function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileVersion {
  return { device: dev, inode: ino, size, modified: mtimeNs, changed: ctimeNs };
}

/** In words; none for the same version. */
function differences(before: FileVersion, now: FileVersion): string[] {
  if (before.device !== now.device || before.inode !== now.inode) return ["another file has taken its place"];
  if (before.size !== now.size) return [`it had ${before.size} bytes and has ${now.size}`];
  if (before.modified !== now.modified) return [`it was written at ${timeText(now.modified)}`];
  return before.changed === now.changed ? [] : [`it, or what the system notes of it, was changed at ${timeText(now.changed)}`];
}

function timeText(nanoseconds: bigint): string {
  return new Date(Number(nanoseconds / 1_000_000n)).toISOString();
}
