import { type FileSet, LongspanError } from "@longspan/core";
import { blobSource } from "@longspan/core/adapter";

/** A folder of the reader's disk or of the browser's private file system. Nothing is read before it is asked for. */
export function directoryFiles(handle: FileSystemDirectoryHandle, parent?: () => FileSet): FileSet {
  const set: FileSet = {
    name: handle.name,
    async resolve(fileName) {
      const found = await existing(() => handle.getFileHandle(fileName), `${handle.name}/${fileName}`);
      if (found === undefined) return undefined;
      return blobSource(await found.getFile());
    },
    list: async () => namesOf(handle, "file"),
    async folder(folderName) {
      const found = await existing(() => handle.getDirectoryHandle(folderName), `${handle.name}/${folderName}`);
      return found === undefined ? undefined : directoryFiles(found, () => set);
    },
    listFolders: async () => namesOf(handle, "directory"),
    ...(parent === undefined ? {} : { parent }),
  };
  return set;
}

async function namesOf(handle: FileSystemDirectoryHandle, kind: FileSystemHandle["kind"]): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const [name, entry] of handle.entries()) if (entry.kind === kind) names.push(name);
  return names.toSorted();
}

async function existing<Handle>(get: () => Promise<Handle>, name: string): Promise<Handle | undefined> {
  try {
    return await get();
  } catch (error) {
    // TypeError: a name that no file of a folder can have.
    const absent =
      error instanceof TypeError || (error instanceof DOMException && ["NotFoundError", "TypeMismatchError"].includes(error.name));
    if (absent) return undefined;
    const denied = error instanceof DOMException && error.name === "NotAllowedError";
    throw new LongspanError(
      denied ? "permission-denied" : "io-failed",
      denied ? `The browser may not read ${name}. Choose the folder again.` : `${name} cannot be opened. Choose it again.`,
      { cause: error, details: { source: name } },
    );
  }
}
