import { errorCodes, LongspanError } from "@longspan/core";

/** "read", the code of an error of ours, or the text of any other error. */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "read";
  } catch (error) {
    if (LongspanError.isInstance(error)) return error.code;
    return error instanceof Error ? `foreign: ${error.stack ?? error.message}` : `foreign: ${String(error)}`;
  }
}

/** The outcomes that no caller is prepared for. */
export function foreignOutcomes(outcomes: Iterable<string>): string[] {
  return [...outcomes].filter((outcome) => outcome !== "read" && !Object.hasOwn(errorCodes, outcome));
}

/** The error of ours that the work ends with. */
export async function failureOf(work: Promise<unknown>): Promise<LongspanError> {
  const error: unknown = await work.then(
    () => new Error("It did not fail."),
    (caught: unknown) => caught,
  );
  if (!LongspanError.isInstance(error)) throw error;
  return error;
}
