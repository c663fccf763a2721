import { LongspanError } from "../errors/longspan-error.ts";
import { shownMessage } from "../text/shown-message.ts";

/** What a step gave, or why it could not. */
export type Attempt<Value> =
  | { readonly value: Value; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: LongspanError };

/**
 * Carries a step out; a LongspanError of it is returned, with the file's name before its message, so that a file can be inspected all the
 * same. Any other error is a fault of ours and is thrown.
 */
export async function attempt<Value>(source: string, step: () => Value | Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { value: await step() };
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    const problem = error.message.startsWith(shownMessage(source))
      ? error
      : new LongspanError(error.code, `${source}: ${error.message}`, { details: error.details, cause: error });
    return { problem };
  }
}
