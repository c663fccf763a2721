import { LongspanError } from "../errors/longspan-error.ts";
import type { FileSet } from "./file-set.ts";

/**
 * Several folders seen as one: of files with one name, that of the first folder counts.
 * @throws LongspanError `argument-invalid` without a folder.
 */
export function joinedFileSet(folders: readonly FileSet[]): FileSet {
  const [nearest] = folders;
  if (nearest === undefined) throw new LongspanError("argument-invalid", "joinedFileSet() takes at least one folder.");
  return {
    name: nearest.name,
    async resolve(fileName, options) {
      for (const folder of folders) {
        const found = await folder.resolve(fileName, options);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    ...(folders.every(({ list }) => list !== undefined)
      ? { list: async () => [...new Set((await Promise.all(folders.map(async (folder) => folder.list?.() ?? []))).flat())] }
      : {}),
  };
}
