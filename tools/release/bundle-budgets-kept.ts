import type { BundleBudget } from "./bundle-budgets.ts";
import type { BundleSize } from "./bundle-size.ts";

/** What is larger than it may be of a program's bundle, in words; undefined: nothing. */
export function overBudget(
  { budget, laterBudget, inOneBudget, totalBudget }: BundleBudget,
  { first, all, later, inOne }: BundleSize,
): string | undefined {
  const over = [
    ["at first", first, budget],
    ["with what is loaded later", later, laterBudget],
    ["in one file", inOne, inOneBudget],
    ["in all files", all, totalBudget],
  ] as const;
  const found = over.filter(([, bytes, most]) => bytes !== undefined && most !== undefined && bytes > most);
  return found.length === 0 ? undefined : found.map(([what, bytes, most]) => `${bytes} bytes ${what}, of ${most}`).join(", ");
}

/** `5313 at first, 67412 with what is loaded later, 83637 in one file, 88000 in all its files`. */
export function sizeInWords({ first, all, later, inOne }: BundleSize): string {
  return [
    `${first} at first`,
    ...(later === undefined ? [] : [`${later} with what is loaded later`]),
    ...(inOne === undefined ? [] : [`${inOne} in one file`]),
    `${all} in all files`,
  ].join(", ");
}
