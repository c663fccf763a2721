import { LongspanError } from "@longspan/core";
import { shownValue } from "@longspan/core/adapter";

/** @throws LongspanError `argument-invalid` unless the option is an integer of that size. */
export function integerOption(option: string, value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`;
  throw new LongspanError("argument-invalid", `${option} is ${shownValue(value)}; it is an integer, ${range}.`, {
    details: { option, value },
  });
}

/** @throws LongspanError `argument-invalid` unless the option is a number from 0 to 1. */
export function shareOption(option: string, value: number): number {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  throw new LongspanError("argument-invalid", `${option} is ${shownValue(value)}; it is a number from 0 to 1.`, {
    details: { option, value },
  });
}
