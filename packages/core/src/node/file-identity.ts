import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { wrongOption } from "../arguments/check-options.ts";
import { LongspanError } from "../errors/longspan-error.ts";

/** Device and inode of what a path leads to, links followed: equal for two names of one file. Undefined where there is nothing. */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** The files and folders that are being read, as identities. */
export interface ProtectedSources {
  /** @throws LongspanError `target-is-source` when `path` leads to one of them, by whatever name or link. */
  check(path: string): Promise<void>;
}

/** Of a folder, the folder itself and the files in it count. @throws LongspanError `argument-invalid` for what is no list. */
export async function protectedSources(paths: readonly string[]): Promise<ProtectedSources> {
  if (!Array.isArray(paths)) throw wrongOption("sources", paths, "a list of paths");
  const nameOf = new Map<string, string>();
  for (const path of paths) {
    const inside = await readdir(path).catch(() => []);
    for (const candidate of [path, ...inside.map((name) => join(path, name))]) {
      const identity = await identityOf(candidate);
      if (identity !== undefined && !nameOf.has(identity)) nameOf.set(identity, candidate);
    }
  }
  return {
    async check(path) {
      const source = nameOf.get((await identityOf(path)) ?? "");
      if (source === undefined) return;
      const same = source === path ? "" : ` (it is the same as ${source})`;
      throw new LongspanError("target-is-source", `${path} is being read${same} and would be overwritten. Write to another place.`, {
        details: { target: path, source },
      });
    },
  };
}
