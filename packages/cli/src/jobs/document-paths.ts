import type { Dirent } from "node:fs";
import { glob, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { LongspanError } from "@longspan/core";
import { fileSystemError } from "@longspan/core/node";

/**
 * The files that words of the command line mean: a file, all files in a folder and the folders in it (but for hidden ones), or a pattern
 * such as `contracts/*.txt` that the shell left alone; `-` stays what it is. Each file once, by name.
 * @param onTwice told of a file that is meant twice
 * @throws LongspanError `not-found` for what means no file; `permission-denied`.
 */
export async function documentPaths(words: readonly string[], onTwice: (path: string) => void): Promise<readonly string[]> {
  const paths = new Set<string>();
  for (const word of words) {
    for (const path of await pathsOf(word)) {
      if (paths.has(path)) onTwice(path);
      paths.add(path);
    }
  }
  return [...paths];
}

async function pathsOf(word: string): Promise<readonly string[]> {
  if (word === "-" || /^https?:\/\//i.test(word)) return [word];
  let found;
  try {
    found = await stat(word);
  } catch (error) {
    if (!/[*?[{]/.test(word)) throw fileSystemError(error, word, "opened");
    const matches = await matchesOf(word);
    if (matches.length > 0) return matches;
    throw new LongspanError("not-found", `${word}: no file has such a name.`, { details: { path: word } });
  }
  if (!found.isDirectory()) return [word];
  const files = await filesIn(word);
  if (files.length > 0) return files;
  throw new LongspanError("not-found", `${word} is a folder without a file. Give a file, or another folder.`, { details: { path: word } });
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const entry of await entriesOf(folder)) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    // A link to a folder may lead around in a circle.
    if (entry.isDirectory()) files.push(...(await filesIn(path)));
    else if (await isFile(path)) files.push(path);
  }
  return files;
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).toSorted(byName);
  } catch (error) {
    throw fileSystemError(error, folder, "listed");
  }
}

async function matchesOf(pattern: string): Promise<readonly string[]> {
  const matches: string[] = [];
  for await (const path of glob(pattern)) if (await isFile(path)) matches.push(path);
  return matches.toSorted();
}

/** A link that leads nowhere is one, too: what is wrong with it is told in its own place, as of a file that cannot be read. */
async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => true,
  );
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
