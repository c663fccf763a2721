import type { ErrorCode } from "../errors/error-codes.ts";
import { LongspanError } from "../errors/longspan-error.ts";

/** What the system's codes (errno) mean to us, and in words. */
const meanings: Readonly<Record<string, readonly [code: ErrorCode, words: string]>> = {
  ENOENT: ["not-found", "it does not exist"],
  EACCES: ["permission-denied", "permission denied"],
  EPERM: ["permission-denied", "the operation is not permitted"],
  EROFS: ["permission-denied", "the file system is read-only"],
  ENOSPC: ["disk-full", "no space is left on the disk"],
  EDQUOT: ["disk-full", "the disk quota is used up"],
  EEXIST: ["target-exists", "it exists already"],
  ENOTEMPTY: ["target-exists", "it exists already and is not empty"],
  ENOTDIR: ["argument-invalid", "a part of the path is not a folder"],
  EISDIR: ["argument-invalid", "it is a folder"],
  ENAMETOOLONG: ["argument-invalid", "the name is too long"],
  ELOOP: ["argument-invalid", "its symbolic links go in circles"],
  EFBIG: ["io-failed", "the file system does not take files of this size"],
  EMFILE: ["io-failed", "too many files are open"],
  ENFILE: ["io-failed", "too many files are open"],
};

/**
 * A system error as one of ours; errors of ours stay as they are.
 * @param action what was tried, as in "cannot be …": "opened", "written"
 */
export function fileSystemError(error: unknown, path: string, action: string): LongspanError {
  if (LongspanError.isInstance(error)) return error;
  const systemCode = systemCodeOf(error);
  const [code, words] = meanings[systemCode ?? ""] ?? ["io-failed", error instanceof Error ? error.message : String(error)];
  return new LongspanError(code, `${path} cannot be ${action}: ${words}.`, { cause: error, details: { path, systemCode } });
}

/** "ENOENT" and its like. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
