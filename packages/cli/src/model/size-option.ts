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
    const [most, example] = max === Number.MAX_SAFE_INTEGER ? ["", "500MB or 2GiB"] : [` of at most ${max} bytes`, "20MB or 64MiB"];
    throw new InvalidArgumentError(`It is a size${most}, such as ${example}.`);
  };
}
