import { realpath, stat } from "node:fs/promises";
import { LongspanError } from "@longspan/core";
import { takeFileLock, type LockAttempt } from "@longspan/core/node";

/** Gives a file back to others. */
export type ReleaseOutput = () => Promise<void>;

/**
 * Takes a file of answers for this run alone, by a file beside it (`answers.jsonl.lock`) that says whose it is: of two runs that go on with one output, each would do what
 * the other has done. What is no file, such as `/dev/stdout`, is nobody's.
 * @returns undefined where no such file can be made.
 * @throws LongspanError `target-exists` where another run has it; `disk-full`, `io-failed`.
 */
export async function lockOutput(path: string): Promise<ReleaseOutput | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === false) return undefined;
  const lock = `${found === undefined ? path : await realpath(path)}.lock`;
  let attempt: LockAttempt;
  try {
    attempt = await takeFileLock(lock);
  } catch (error) {
    // Whoever may not write there, or not find the folder, is told so by the output itself.
    if (LongspanError.isInstance(error) && ["not-found", "permission-denied", "argument-invalid"].includes(error.code)) return undefined;
    throw error;
  }
  if (attempt.isTaken) return attempt.release;
  const { holder } = attempt;
  const who = holder === undefined ? "" : ` (process ${holder.process} on ${holder.machine})`;
  throw new LongspanError(
    "target-exists",
    `${path} is being written by another run${who}. Wait for its end, or give --output another name. If there is no such run, delete ${lock}.`,
    { details: { path, lock } },
  );
}
