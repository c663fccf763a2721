import { LongspanError } from "../errors/longspan-error.ts";
import { blobSource } from "./blob-source.ts";
import { checkFileName } from "./file-name.ts";
import type { FileSet } from "./file-set.ts";

/**
 * Files that a person chose or dropped in a browser. Of a whole folder (`webkitdirectory`), the files of the outermost level count.
 * @throws LongspanError `argument-invalid` when two files of that level have one name.
 */
export function filesFileSet(files: Iterable<File>, name = "the chosen files"): FileSet {
  const byName = new Map<string, { readonly file: File; readonly depth: number }>();
  const chosen = [...files].map((file) => ({ file, depth: folderDepth(file) }));
  const outermost = Math.min(...chosen.map(({ depth }) => depth));
  for (const candidate of chosen) {
    if (candidate.depth > outermost) continue;
    const { file } = candidate;
    if (byName.has(file.name)) {
      throw new LongspanError(
        "argument-invalid",
        `Two of ${name} are called ${JSON.stringify(file.name)}. Choose the files of one folder.`,
        {
          details: { fileName: file.name },
        },
      );
    }
    byName.set(file.name, candidate);
  }
  return {
    name,
    async resolve(fileName) {
      checkFileName(fileName, name);
      const found = byName.get(fileName);
      return found === undefined ? undefined : blobSource(found.file);
    },
    list: async () => [...byName.keys()],
  };
}

/** `webkitRelativePath` is "folder/sub/name" for files of a chosen folder, and empty for files chosen one by one. */
function folderDepth(file: File): number {
  return (file.webkitRelativePath ?? "").split("/").length;
}
