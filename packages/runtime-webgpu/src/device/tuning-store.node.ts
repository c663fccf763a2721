import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { TuningStore } from "./tuning-store.ts";

/**
 * Files in this user's cache folder: `$XDG_CACHE_HOME/longspan` or `~/.cache/longspan` (freedesktop.org, "XDG Base Directory Specification"),
 * `~/Library/Caches/longspan` on macOS, `%LOCALAPPDATA%\longspan\Cache` on Windows. They may be deleted at any time.
 */
export function tuningStore(): TuningStore {
  const folder = cacheFolder();
  const fileOf = (name: string): string => join(folder, name);
  return {
    read: (name) => readFile(fileOf(name), "utf8").catch(() => undefined),
    async write(name, text) {
      const file = fileOf(name);
      // Renamed when whole: other processes measure and read at the same time.
      const temporary = `${file}.${process.pid}.partial`;
      try {
        await mkdir(folder, { recursive: true });
        await writeFile(temporary, text);
        await rename(temporary, file);
      } catch {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
  };
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME: given, LOCALAPPDATA: local } = process.env;
  if (given !== undefined && given !== "") return join(given, "longspan");
  if (process.platform === "darwin") return join(homedir(), "Library/Caches/longspan");
  if (process.platform === "win32" && local !== undefined && local !== "") return join(local, "longspan", "Cache");
  return join(homedir(), ".cache/longspan");
}
