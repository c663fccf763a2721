import { open, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { LongspanError } from "@longspan/core";
import { fileSystemError } from "@longspan/core/node";
import type { OutputStream } from "../terminal.ts";

/** Where lines go, each whole or, when the process is killed meanwhile, torn at the end. */
export interface AnswerSink {
  /** Whether somebody still wants lines. */
  readonly isOpen: boolean;
  /** Whether lines were lost; whoever watches the stream has said so. */
  readonly isLost: boolean;
  write(lines: string): Promise<void>;
  /** A run that ended well has written all: its header at least. */
  finish(): Promise<void>;
  /** @param isDiscarded nothing was written, and the run failed: a file that it made goes, one that was there before stays as it was */
  close(isDiscarded?: boolean): Promise<void>;
}

export interface FileEndOptions {
  /** `new` for a file that must not be there, `replace` for one that is emptied when the first line comes, `append` for one that is gone on with. */
  readonly mode: "new" | "replace" | "append";
  /** What stands above all lines. */
  readonly header: string;
}

/**
 * A file's end.
 * @throws LongspanError `target-exists`, `not-found`, `permission-denied`, …; writing: `disk-full`, `io-failed`.
 */
export async function fileEnd(path: string, { mode, header }: FileEndOptions): Promise<AnswerSink> {
  const { file, isMade } = await openEnd(path, mode);
  let hasBegun = false;
  /** Bytes of whole lines, once they are known. */
  let whole: number | undefined;
  async function write(lines: string): Promise<void> {
    try {
      const stats = hasBegun ? undefined : await file.stat();
      if (mode === "replace" && stats?.isFile() === true) await file.truncate();
      whole ??= mode === "replace" ? 0 : stats?.size;
      const text = Buffer.from(hasBegun ? lines : header + lines);
      // Writes on until all of it is there.
      await file.appendFile(text);
      hasBegun = true;
      whole = (whole ?? 0) + text.length;
    } catch (error) {
      // A disk that is full had room for a part: what there is of a line goes. A pipe has no length, and keeps it.
      if (whole !== undefined) await file.truncate(whole).catch(() => undefined);
      throw fileSystemError(error, path, "written");
    }
  }
  return {
    isOpen: true,
    isLost: false,
    write,
    async finish() {
      if (!hasBegun) await write("");
    },
    async close(isDiscarded = false) {
      await file.close();
      if (isDiscarded && isMade) await rm(path, { force: true });
    },
  };
}

async function openEnd(path: string, mode: FileEndOptions["mode"]): Promise<{ readonly file: FileHandle; readonly isMade: boolean }> {
  try {
    return { file: await open(path, "ax"), isMade: true };
  } catch (error) {
    const failure = fileSystemError(error, path, "written");
    if (failure.code === "not-found") {
      const folder = dirname(path);
      throw new LongspanError("not-found", `${path} cannot be written: the folder ${folder} does not exist. Create it first.`, {
        cause: error,
        details: { path, folder },
      });
    }
    if (failure.code !== "target-exists") throw failure;
    // A pipe or /dev/null holds nothing that would be lost.
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      () => true,
    );
    if (mode === "new" && isFile)
      throw new LongspanError("target-exists", `${path} exists already. Go on with it (--resume), or replace it (--force).`, {
        cause: error,
        details: { path },
      });
  }
  try {
    return { file: await open(path, "a"), isMade: false };
  } catch (error) {
    throw fileSystemError(error, path, "written");
  }
}

/** A stream such as standard output, as fast as its reader takes it. A reader that has gone away wants no more. */
export function streamEnd(stream: OutputStream, header: string): AnswerSink {
  let [isGone, isLost, hasBegun] = [false, false, false];
  stream.once("error", ({ code }: NodeJS.ErrnoException) => {
    isGone = true;
    isLost = code !== "EPIPE";
  });
  async function write(lines: string): Promise<void> {
    const text = hasBegun ? lines : header + lines;
    hasBegun = true;
    if (text !== "" && stream.writable && !isGone && !stream.write(text)) await drained(stream);
  }
  return {
    get isOpen() {
      return stream.writable && !isGone;
    },
    get isLost() {
      return isLost;
    },
    write,
    finish: () => write(""),
    close: async () => {},
  };
}

/** Waits until a stream takes more, or never will. */
async function drained(stream: OutputStream): Promise<void> {
  const events = ["drain", "close", "error"] as const;
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}
