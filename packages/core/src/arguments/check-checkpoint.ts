import { LongspanError } from "../errors/longspan-error.ts";
import { checkSettled } from "./check-settled.ts";

/** @throws LongspanError `argument-invalid` for what is no open checkpoint. `what` begins the sentence. */
export function checkCheckpoint(value: unknown, what: string): void {
  checkSettled(value, what, "await before converter.open(…)");
  if (typeof value === "object" && value !== null && "tensors" in value && "weights" in value) return;
  throw new LongspanError("argument-invalid", `${what} is no open checkpoint. Open it first: await converter.open(…).`);
}
