import { LongspanError } from "../errors/longspan-error.ts";

/** Refuses a promise that nobody waited for. `what` begins the sentence, `write` says what to write instead. @throws LongspanError `argument-invalid`. */
export function checkSettled(value: unknown, what: string, write: string): void {
  const pending = typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
  if (pending) throw new LongspanError("argument-invalid", `${what} is a promise that nobody has waited for. Write ${write}.`);
}
