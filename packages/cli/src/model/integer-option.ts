import { availableParallelism } from "node:os";
import { InvalidArgumentError } from "commander";

/** For options that count. @throws InvalidArgumentError which commander reports with the option's name. */
export function integerOption(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It is an integer, ${max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`}.`);
  };
}

/** Several for each processor wait for each other; many take a machine's memory. */
export const maxWorkers: number = /*#__PURE__*/ Math.max(8, 2 * availableParallelism());

/** More than any machine has processors; onnxruntime makes as many as it is told to. */
export const maxThreads: number = 1024;

export const maxPort: number = 65_535;

/** Timers take no more. */
export const maxMilliseconds: number = 2 ** 31 - 1;
