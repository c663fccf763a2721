import type { ErrorCode } from "../errors/error-codes.ts";
import { LongspanError } from "../errors/longspan-error.ts";

/** What the File System API's exceptions mean, by their names (https://fs.spec.whatwg.org/, WebIDL's table of DOMExceptions). */
const meanings: Readonly<Record<string, readonly [code: ErrorCode, why: string]>> = {
  NotAllowedError: ["permission-denied", "the page may not. Choose the folder again, for reading and writing"],
  NoModificationAllowedError: ["permission-denied", "another page or tab is writing it"],
  SecurityError: ["permission-denied", "this kind of page may not"],
  QuotaExceededError: ["disk-full", "the page's share of the disk is used up"],
  NotFoundError: ["not-found", "it is not there any more"],
  TypeMismatchError: ["target-exists", "there is a folder where a file belongs, or a file where a folder does"],
};

/** An exception of the File System API as an error that names the file. Errors of ours stay as they are. */
export function handleError(error: unknown, path: string, verb: "read" | "written"): LongspanError {
  const known = LongspanError.from(error);
  if (known !== undefined) return known;
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  const [code, why] = meanings[name] ?? (["io-failed", error instanceof Error ? error.message : String(error)] as const);
  return new LongspanError(code, `${path} cannot be ${verb}: ${why}.`, { cause: error, details: { path } });
}
