import type { ByteSource } from "./byte-source.ts";
import type { FileSet, ResolveOptions } from "./file-set.ts";

/** The same folder, and those inside and above it, with every file opened by `open`. */
export function wrappedFileSet(
  files: FileSet,
  open: (files: FileSet, fileName: string, options: ResolveOptions | undefined) => Promise<ByteSource | undefined>,
): FileSet {
  const wrap = (found: FileSet | undefined): FileSet | undefined => (found === undefined ? undefined : wrappedFileSet(found, open));
  return {
    ...files,
    resolve: (fileName, options) => open(files, fileName, options),
    ...(files.folder === undefined ? {} : { folder: async (folderName) => wrap(await files.folder?.(folderName)) }),
    ...(files.parent === undefined ? {} : { parent: () => wrap(files.parent?.()) }),
  };
}
