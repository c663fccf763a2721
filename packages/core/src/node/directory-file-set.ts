import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { checkFileName } from "../bytes/file-name.ts";
import type { FileSet } from "../bytes/file-set.ts";
import { fileSource } from "./file-source.ts";
import { fileSystemError, systemCodeOf } from "./file-system-error.ts";

/**
 * The files of a folder. Symbolic links are followed wherever they lead, as in Hugging Face's cache, where every file is one; names that leave the folder are refused.
 */
export function directoryFileSet(path: string): FileSet {
  return {
    name: path,
    async resolve(fileName) {
      checkFileName(fileName, path);
      const filePath = join(path, fileName);
      return (await isFile(filePath)) ? fileSource(filePath) : undefined;
    },
    async list() {
      try {
        const entries = await readdir(path, { withFileTypes: true });
        const files = await Promise.all(
          entries.map(async (entry) => entry.isFile() || (entry.isSymbolicLink() && (await isFile(join(path, entry.name))))),
        );
        return entries.filter((_, index) => files[index]).map(({ name }) => name);
      } catch (error) {
        throw fileSystemError(error, path, "listed");
      }
    },
  };
}

/** False where there is nothing of that name, a folder, or a link that leads nowhere. */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ELOOP" || code === "ENAMETOOLONG") return false;
    throw fileSystemError(error, path, "opened");
  }
}
