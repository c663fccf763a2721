import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";
import { checkSettled } from "./check-settled.ts";

/** Refuses what is no text. `what` begins the sentence. @throws LongspanError `argument-invalid` with an example of what to write. */
export function checkText(value: unknown, what: string, example: string): asserts value is string {
  checkSettled(value, what, "await before what makes it");
  if (typeof value === "string") return;
  const found = value === undefined ? "missing" : shownValue(value);
  throw new LongspanError("argument-invalid", `${what} is ${found}. Give it as text, such as ${JSON.stringify(example)}.`);
}
