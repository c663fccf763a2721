import { LongspanError } from "@longspan/core";

/** The browser's refusals as sentences. */
export async function saying<Result>(what: string, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === "QuotaExceededError") {
      throw new LongspanError("disk-full", `There is no room for ${what}: the disk is full, or this browser's share of it.`, {
        cause: error,
      });
    }
    if (error.name === "NotAllowedError") {
      throw new LongspanError("permission-denied", `The browser may not write ${what}. Choose the folder again, and allow it.`, {
        cause: error,
      });
    }
    throw new LongspanError("io-failed", `${what} cannot be written: ${error.message}`, { cause: error });
  }
}
