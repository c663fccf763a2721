import type { ByteSource, FileSet } from "@longspan/core";

/** The same files; `onBytes` is told of every read that ended. */
export function countedFiles(files: FileSet, onBytes: (bytes: number) => void): FileSet {
  const inside = (found: FileSet | undefined): FileSet | undefined => (found === undefined ? undefined : countedFiles(found, onBytes));
  return {
    ...files,
    async resolve(fileName, options) {
      const source = await files.resolve(fileName, options);
      return source === undefined ? undefined : counted(source, onBytes);
    },
    ...(files.folder === undefined ? {} : { folder: async (folderName: string) => inside(await files.folder?.(folderName)) }),
    ...(files.parent === undefined ? {} : { parent: () => inside(files.parent?.()) }),
  };
}

function counted(source: ByteSource, onBytes: (bytes: number) => void): ByteSource {
  return {
    name: source.name,
    size: source.size,
    async read(offset, length, options) {
      const bytes = await source.read(offset, length, options);
      onBytes(length);
      return bytes;
    },
    ...(source.checkUnchanged === undefined ? {} : { checkUnchanged: (options) => source.checkUnchanged?.(options) ?? Promise.resolve() }),
    ...(source.blob === undefined ? {} : { blob: (offset, length) => source.blob?.(offset, length) ?? Promise.resolve(undefined) }),
    close: () => source.close(),
  };
}
