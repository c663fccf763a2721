import { InvalidArgumentError } from "commander";

/** For options that count. @throws InvalidArgumentError which commander reports with the option's name. */
export function integerOption(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`It is an integer, ${min} or more.`);
  };
}
