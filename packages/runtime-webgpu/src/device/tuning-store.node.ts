import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { TuningStore } from "./tuning-store.ts";

/**
 * Files in this user's cache folder: `$XDG_CACHE_HOME/longspan` or `~/.cache/longspan` (freedesktop.org, "XDG Base Directory Specification"),
 * `~/Library/Caches/longspan` on macOS, `%LOCALAPPDATA%\longspan\Cache` on Windows. They may be deleted at any time.
 */
export function tuningStore(): TuningStore {
  return {
    async read(name) {
      try {
        return await readFile(join(cacheFolder(), name), "utf8");
      } catch {
        return undefined;
      }
    },
    async write(name, text) {
      let temporary: string | undefined;
      try {
        const folder = cacheFolder();
        await mkdir(folder, { recursive: true });
        const file = join(folder, name);
        // Renamed when whole: other sessions measure and read at the same time, of this process, too.
        temporary = `${file}.${randomUUID()}.partial`;
        await writeFile(temporary, text);
        await rename(temporary, file);
      } catch {
        if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
  };
}

/** @throws Error where neither the environment nor the system tells this user's folder. */
function cacheFolder(): string {
  const { XDG_CACHE_HOME: given, LOCALAPPDATA: local } = process.env;
  if (given !== undefined && given !== "") return join(given, "longspan");
  if (process.platform === "darwin") return join(homedir(), "Library/Caches/longspan");
  if (process.platform === "win32" && local !== undefined && local !== "") return join(local, "longspan", "Cache");
  return join(homedir(), ".cache/longspan");
}
