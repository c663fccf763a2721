import { type FileSet, LongspanError } from "@longspan/core";

/** The error for a file that is a part of a checkpoint: what it is, and what to give instead. */
export function shardAlone(files: FileSet, fileName: string, what: string, instead: string): LongspanError {
  return new LongspanError("unsupported", `${files.name}/${fileName} is ${what}. ${instead}`, {
    details: { folder: files.name, file: fileName },
  });
}

/** The folder, its parent and the one above, as far as they may be looked into: where a run keeps config.json and the tokenizer. */
export function foldersUpwards(files: FileSet, levels: number): FileSet[] {
  const folders: FileSet[] = [files];
  for (let level = 0; level < levels; level++) {
    const above = folders.at(-1)?.parent?.();
    if (above === undefined) break;
    folders.push(above);
  }
  return folders;
}

/** Whether the folder has a file of that name. */
export async function hasFile(files: FileSet, fileName: string): Promise<boolean> {
  const listed = await files.list?.();
  if (listed !== undefined) return listed.includes(fileName);
  const source = await files.resolve(fileName);
  await source?.close();
  return source !== undefined;
}
