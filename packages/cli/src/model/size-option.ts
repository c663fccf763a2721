import { InvalidArgumentError } from "commander";
import { parseSize } from "../parse-size.ts";

/**
 * For options that are a size in bytes.
 * @param max in bytes
 * @throws InvalidArgumentError which commander reports with the option's name.
 */
export function sizeOption(max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const bytes = parseSize(text);
    if (bytes !== undefined && bytes <= max) return bytes;
    throw new InvalidArgumentError(
      `It is a size${max === Number.MAX_SAFE_INTEGER ? "" : ` of at most ${max} bytes`}, such as 500MB or 2GiB.`,
    );
  };
}
