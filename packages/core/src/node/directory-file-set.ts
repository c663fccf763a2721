import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { checkText } from "../arguments/check-text.ts";
import { checkFileName } from "../bytes/file-name.ts";
import type { FileSet } from "../bytes/file-set.ts";
import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { fileSource } from "./file-source.ts";
import { fileSystemError, systemCodeOf } from "./file-system-error.ts";

/**
 * The files of a folder. Symbolic links to files are followed wherever they lead, as people lay out their models; where the name was found
 * inside a file (`namedIn`), only to what lies in the folder or beside that file. Names that leave the folder are refused, and links to
 * folders that lie elsewhere.
 */
export function directoryFileSet(path: string): FileSet {
  checkText(path, "The folder of the files", "model");
  return {
    name: path,
    async resolve(fileName, { signal, namedIn } = {}) {
      checkFileName(fileName, path);
      throwIfAborted(signal);
      const filePath = join(path, fileName);
      if ((await kindOf(filePath)) !== "file") return undefined;
      if (namedIn !== undefined && namedIn !== filePath) await refuseFileLeadingOut(path, filePath, namedIn);
      return fileSource(filePath);
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
    if (isInside(await realpath(folderPath), await realpath(path))) return;
  } catch (error) {
    throw fileSystemError(error, folderPath, "opened");
  }
  throw new LongspanError(
    "unsupported",
    `${folderPath} is a link to a folder outside of ${path}, and is not followed. Give the folder it leads to, or copy it here.`,
    { details: { folder: path, link: folderPath } },
  );
}

/**
 * A folder from somewhere may bring links to anything along, with a file that names them.
 * @throws LongspanError `unsupported`
 */
async function refuseFileLeadingOut(path: string, filePath: string, namedIn: string): Promise<void> {
  let place: string;
  try {
    place = await realpath(filePath);
    if (isInside(place, await realpath(path))) return;
  } catch (error) {
    throw fileSystemError(error, filePath, "opened");
  }
  // Not every name of a source is a path: then the folder alone counts.
  const beside = await realpath(namedIn).then(dirname, () => undefined);
  if (beside !== undefined && dirname(place) === beside) return;
  throw new LongspanError(
    "unsupported",
    `${namedIn} names the file ${filePath}, which is a link out of the folder, to ${place}. What a file names is read from its own folder only: if you trust the link, put the file itself in its place.`,
    { details: { file: namedIn, link: filePath, place } },
  );
}

function isInside(place: string, folder: string): boolean {
  return place.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
