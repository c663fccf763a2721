import { open } from "node:fs/promises";
import { LongspanError } from "@longspan/core";
import { fileSystemError } from "@longspan/core/node";
import type { OutputStream } from "../terminal.ts";

/** Where lines go, each whole or, when the process ends meanwhile, torn at the end. */
export interface AnswerSink {
  /** Whether somebody still wants lines. */
  readonly isOpen: boolean;
  write(lines: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * A file's end.
 * @param mode `new` for a file that must not be there, `replace` for one that is emptied, `append` for one that is gone on with
 * @throws LongspanError `target-exists`, `permission-denied`, …; writing: `disk-full`, `io-failed`.
 */
export async function fileEnd(path: string, mode: "new" | "replace" | "append"): Promise<AnswerSink> {
  try {
    const file = await open(path, { new: "ax", replace: "w", append: "a" }[mode]);
    return {
      isOpen: true,
      async write(lines) {
        try {
          // Writes on until all of it is there.
          await file.appendFile(lines);
        } catch (error) {
          throw fileSystemError(error, path, "written");
        }
      },
      close: () => file.close(),
    };
  } catch (error) {
    const failure = fileSystemError(error, path, "written");
    if (failure.code !== "target-exists") throw failure;
    throw new LongspanError("target-exists", `${path} exists already. Go on with it (--resume), or replace it (--force).`, {
      cause: error,
      details: { path },
    });
  }
}

/** A stream such as standard output, as fast as its reader takes it. A reader that has gone away wants no more. */
export function streamEnd(stream: OutputStream): AnswerSink {
  let isGone = false;
  stream.once("error", () => (isGone = true));
  return {
    get isOpen() {
      return stream.writable && !isGone;
    },
    async write(lines) {
      if (stream.writable && !isGone && !stream.write(lines)) await drained(stream);
    },
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
