import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** A sum of each file below a folder, by its path; of what is not finished (`.NAME.longspan-staging-…`) only that it is there. */
export async function stateOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const state: Record<string, string> = {};
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    const path = relative(folder, join(entry.parentPath, entry.name));
    const staging = /(?:^|\/)(\.[^/]*\.longspan-staging-[^/]*)/.exec(path)?.[1];
    if (staging !== undefined) state.unfinished = "there";
    else if (entry.isFile())
      state[path] = createHash("sha256")
        .update(await readFile(join(entry.parentPath, entry.name)))
        .digest("hex");
  }
  return Object.fromEntries(Object.entries(state).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** The same without what is not finished. */
export function finished(state: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(state).filter(([path]) => path !== "unfinished")));
}
