import type { Dirent } from "node:fs";
import { glob, lstat, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { LongspanError } from "@longspan/core";
import { fileSystemError } from "@longspan/core/node";

/** Names of what is left out that are told; of more, how many there are. */
const toldNames = 3;

/** A file that is meant, or what was to mean one and does not. */
export interface DocumentPath {
  readonly path: string;
  readonly problem?: LongspanError | undefined;
}

/**
 * The files that words of the command line mean: a file, all files in a folder and the folders in it, or a pattern such as `contracts/*.txt` that the shell left alone, whose
 * folders are read as well; `-` stays what it is. Each file once, by name. In folders, hidden files, links to folders (which may lead around in a circle) and what is no
 * file, such as a pipe, are left out. A word that means no file has that as its problem (`not-found`, `permission-denied`).
 * @param onNote told of a file that is meant twice, and, once, of what is left out
 * @throws LongspanError `argument-invalid` for a word that is empty.
 */
export async function documentPaths(words: readonly string[], onNote: (note: string) => void): Promise<readonly DocumentPath[]> {
  const paths = new Map<string, DocumentPath>();
  const skipped: string[] = [];
  for (const word of words) {
    for (const found of await foundBy(word, skipped)) {
      if (paths.has(found.path)) onNote(`${found.path} was given twice; it is read once.`);
      else paths.set(found.path, found);
    }
  }
  const left = new Set(skipped);
  if (left.size > 0) onNote(`Left out: ${namesOf([...left])}. ${whatIsLeftOut}; name what shall be read with --document.`);
  return [...paths.values()];
}

async function foundBy(word: string, skipped: string[]): Promise<readonly DocumentPath[]> {
  try {
    return (await pathsOf(word, skipped)).map((path) => ({ path }));
  } catch (error) {
    if (!LongspanError.isInstance(error) || word === "") throw error;
    return [{ path: word, problem: error }];
  }
}

const whatIsLeftOut = "Of folders, hidden files, links to folders and what is no file are not read";

function namesOf(paths: readonly string[]): string {
  const more = paths.length - toldNames;
  return `${paths.slice(0, toldNames).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

async function pathsOf(word: string, skipped: string[]): Promise<readonly string[]> {
  if (word === "-" || /^https?:\/\//i.test(word)) return [word];
  if (word === "")
    throw new LongspanError("argument-invalid", "--document is empty. Give a file, a folder, a pattern, or - for standard input.");
  let found;
  try {
    found = await stat(word);
  } catch (error) {
    if (!/[*?[{]/.test(word)) throw fileSystemError(error, word, "opened");
    return required(word, "no file has such a name", skipped, () => matchesOf(word, skipped));
  }
  if (!found.isDirectory()) return [word];
  return required(word, "it is a folder without a file", skipped, () => filesIn(word, skipped));
}

/** @throws LongspanError `not-found` where there is none. */
async function required(
  word: string,
  problem: string,
  skipped: readonly string[],
  find: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const before = skipped.length;
  const files = await find();
  if (files.length > 0) return files;
  const left = skipped.slice(before);
  const told =
    left.length === 0
      ? "Give a file, or another folder"
      : `${whatIsLeftOut}, which is all there is: ${namesOf(left)}. Name what shall be read`;
  throw new LongspanError("not-found", `${word}: ${problem}. ${told}.`, { details: { path: word } });
}

async function filesIn(folder: string, skipped: string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const { name } of await entriesOf(folder)) {
    const path = join(folder, name);
    if (name.startsWith(".")) skipped.push(path);
    else files.push(...(await filesAt(path, skipped)));
  }
  return files;
}

/** What a name in a folder, or one that fits a pattern, stands for. */
async function filesAt(path: string, skipped: string[]): Promise<readonly string[]> {
  // A link that leads nowhere is told of in its own place, as a file that cannot be read is.
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.isFile()) return [path];
  if (found.isDirectory() && !(await lstat(path)).isSymbolicLink()) return filesIn(path, skipped);
  skipped.push(path);
  return [];
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).toSorted(byName);
  } catch (error) {
    throw fileSystemError(error, folder, "listed");
  }
}

async function matchesOf(pattern: string, skipped: string[]): Promise<readonly string[]> {
  const matches: string[] = [];
  for await (const path of glob(pattern)) matches.push(path);
  const files: string[] = [];
  for (const path of matches.toSorted()) files.push(...(await filesAt(path, skipped)));
  // A pattern such as `d/**` fits a folder and what is in it.
  return [...new Set(files)];
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
