import { LongspanError } from "@longspan/core";

/** What a promise is rejected with. @throws whatever else it is rejected with, and an error where it is not. */
export async function errorOf(promise: Promise<unknown>): Promise<LongspanError> {
  const error: unknown = await promise.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  if (!LongspanError.isInstance(error)) throw error;
  return error;
}
