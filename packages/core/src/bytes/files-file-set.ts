import { LongspanError } from "../errors/longspan-error.ts";
import { blobSource } from "./blob-source.ts";
import { checkFileName } from "./file-name.ts";
import type { FileSet } from "./file-set.ts";
import { folderNames } from "./relative-paths.ts";

/**
 * Files that a person chose or dropped in a browser. Of a whole folder (`webkitdirectory`), the files of the outermost level count, and
 * those below are in its folders.
 * @throws LongspanError `argument-invalid` when two files of one folder have one name.
 */
export function filesFileSet(files: Iterable<File>, name = "the chosen files"): FileSet {
  const chosen = [...files].map((file) => ({ file, segments: segmentsOf(file) }));
  const outermost = Math.min(...chosen.map(({ segments }) => segments.length));
  return setOf(
    chosen.map(({ file, segments }) => ({ file, segments: segments.slice(outermost - 1) })),
    name,
  );
}

interface ChosenFile {
  readonly file: File;
  /** From the folder it is looked at from; the last one is its own name. */
  readonly segments: readonly string[];
}

function setOf(chosen: readonly ChosenFile[], name: string, parent?: () => FileSet): FileSet {
  const byName = new Map<string, File>();
  for (const { file, segments } of chosen) {
    if (segments.length > 1) continue;
    if (byName.has(file.name)) {
      throw new LongspanError(
        "argument-invalid",
        `Two of ${name} are called ${JSON.stringify(file.name)}. Choose the files of one folder.`,
        {
          details: { fileName: file.name },
        },
      );
    }
    byName.set(file.name, file);
  }
  const set: FileSet = {
    name,
    async resolve(fileName) {
      checkFileName(fileName, name);
      const found = byName.get(fileName);
      return found === undefined ? undefined : blobSource(found);
    },
    list: async () => [...byName.keys()],
    async folder(folderName) {
      checkFileName(folderName, name);
      const inside = chosen.filter(({ segments }) => segments.length > 1 && segments[0] === folderName);
      if (inside.length === 0) return undefined;
      return setOf(
        inside.map(({ file, segments }) => ({ file, segments: segments.slice(1) })),
        `${name}/${folderName}`,
        () => set,
      );
    },
    listFolders: async () => folderNames(chosen.map(({ segments }) => segments)),
    ...(parent === undefined ? {} : { parent }),
  };
  return set;
}

/** `webkitRelativePath` is "folder/sub/name" for files of a chosen folder, and empty for files chosen one by one. */
function segmentsOf(file: File): readonly string[] {
  const path = file.webkitRelativePath ?? "";
  return path === "" ? [file.name] : path.split("/");
}
