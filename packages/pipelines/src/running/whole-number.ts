import { LongspanError } from "@longspan/core";

/** @throws LongspanError `argument-invalid` unless the option is a whole number of that size. */
export function wholeNumber(option: string, value: number, smallest: number, largest: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= smallest && value <= largest) return value;
  const range = largest === Number.MAX_SAFE_INTEGER ? `${smallest} or more` : `from ${smallest} to ${largest}`;
  throw new LongspanError("argument-invalid", `${option} is ${String(value)}; it is a whole number, ${range}.`, {
    details: { option, value },
  });
}
