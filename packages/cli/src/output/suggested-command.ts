import { isAbsolute, relative, resolve, sep } from "node:path";
import type { LongspanError } from "@longspan/core";

/**
 * The command line that was typed, with the path that an error offers (`details.newest`) in the place of the folder it is about; undefined for an
 * error that offers none.
 */
export function suggestedCommand({ details }: LongspanError, argumentsGiven: readonly string[]): string | undefined {
  const { folder, newest } = details;
  if (typeof folder !== "string" || typeof newest !== "string") return undefined;
  const index = argumentsGiven.findIndex((word) => !word.startsWith("-") && isWithin(folder, resolve(word)));
  const word = argumentsGiven[index];
  if (word === undefined) return undefined;
  const path = isAbsolute(word) ? newest : relative(".", newest);
  return ["longspan", ...argumentsGiven.with(index, path)].map((part) => quoted(part)).join(" ");
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** As a POSIX shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
