import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { checkFileName } from "../bytes/file-name.ts";
import type { FileSet } from "../bytes/file-set.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { fileSource } from "./file-source.ts";
import { fileSystemError, systemCodeOf } from "./file-system-error.ts";

/**
 * The files of a folder. Symbolic links to files are followed wherever they lead, as in Hugging Face's cache, where every file is one; names that leave
 * the folder are refused, and links to folders that lie elsewhere.
 */
export function directoryFileSet(path: string): FileSet {
  return {
    name: path,
    async resolve(fileName) {
      checkFileName(fileName, path);
      const filePath = join(path, fileName);
      return (await kindOf(filePath)) === "file" ? fileSource(filePath) : undefined;
    },
    list: () => namesOf(path, "file"),
    async folder(folderName) {
      checkFileName(folderName, path);
      const folderPath = join(path, folderName);
      if ((await kindOf(folderPath)) !== "folder") return undefined;
      await refuseLeadingOut(path, folderPath);
      return directoryFileSet(folderPath);
    },
    listFolders: () => namesOf(path, "folder"),
    parent() {
      const above = dirname(resolve(path));
      return above === resolve(path) ? undefined : directoryFileSet(above);
    },
  };
}

async function namesOf(path: string, wanted: "file" | "folder"): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (error) {
    throw fileSystemError(error, path, "listed");
  }
  const kinds = await Promise.all(
    entries.map(async (entry) => {
      if (entry.isSymbolicLink()) return kindOf(join(path, entry.name));
      return entry.isFile() ? "file" : entry.isDirectory() ? "folder" : undefined;
    }),
  );
  return entries.filter((_, index) => kinds[index] === wanted).map(({ name }) => name);
}

/** Undefined where there is nothing of that name, a device, or a link that leads nowhere. */
async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? "file" : stats.isDirectory() ? "folder" : undefined;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ELOOP" || code === "ENAMETOOLONG") return undefined;
    throw fileSystemError(error, path, "opened");
  }
}

/** The names of folders come from inside checkpoints too, so a link must not take a reader elsewhere. */
async function refuseLeadingOut(path: string, folderPath: string): Promise<void> {
  try {
    const [inside, outside] = await Promise.all([realpath(folderPath), realpath(path)]);
    if (inside.startsWith(outside.endsWith(sep) ? outside : outside + sep)) return;
  } catch (error) {
    throw fileSystemError(error, folderPath, "opened");
  }
  throw new LongspanError(
    "unsupported",
    `${folderPath} is a link to a folder outside of ${path}, and is not followed. Give the folder it leads to, or copy it here.`,
    { details: { folder: path, link: folderPath } },
  );
}
