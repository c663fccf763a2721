import { checkSettled } from "../arguments/check-settled.ts";
import { blobSource } from "../bytes/blob-source.ts";
import { checkFileName } from "../bytes/file-name.ts";
import type { FileSet } from "../bytes/file-set.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { handleError } from "./handle-error.ts";

/**
 * The files of a folder of the browser: of the page's own storage (`await navigator.storage.getDirectory()`), or one that the user chose
 * (`await showDirectoryPicker()`). Nothing is read before it is asked for.
 * @throws LongspanError while reading `permission-denied`, `io-failed`.
 */
export function directoryHandleFileSet(folder: DirectoryHandle, parent?: () => FileSet): FileSet {
  checkSettled(folder, "The folder", "directoryHandleFileSet(await navigator.storage.getDirectory())");
  const name = folder.name === "" ? "the page's storage" : folder.name;
  const found = async <Handle>(entry: string, get: () => Promise<Handle>): Promise<Handle | undefined> => {
    checkFileName(entry, name);
    try {
      return await get();
    } catch (error) {
      // A folder of a file's name, or the other way round, is no such file.
      if (error instanceof DOMException && /^(?:NotFoundError|TypeMismatchError)$/.test(error.name)) return undefined;
      throw handleError(error, `${name}/${entry}`, "read");
    }
  };
  const names = async (kind: FileSystemHandleKind): Promise<readonly string[]> => {
    const listed: string[] = [];
    for await (const [entry, handle] of folder.entries()) if (handle.kind === kind) listed.push(entry);
    return listed.toSorted();
  };
  const files: FileSet = {
    name,
    async resolve(fileName) {
      const file = await found(fileName, async () => (await folder.getFileHandle(fileName)).getFile());
      return file === undefined ? undefined : blobSource(file);
    },
    list: () => names("file"),
    async folder(folderName) {
      const inside = await found(folderName, () => folder.getDirectoryHandle(folderName));
      return inside === undefined ? undefined : directoryHandleFileSet(inside, () => files);
    },
    listFolders: () => names("directory"),
    ...(parent === undefined ? {} : { parent }),
  };
  return files;
}
